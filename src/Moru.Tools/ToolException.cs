namespace Moru.Tools;

/// <summary>A tool call failed. The message is written for the model that made the call: what failed and what to do next.</summary>
public sealed class ToolException(string message, Exception? innerException = null) : Exception(message, innerException);
