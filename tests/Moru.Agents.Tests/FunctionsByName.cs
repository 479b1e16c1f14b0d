namespace Moru.Agents.Tests;

internal static class FunctionsByName
{
    public static AIFunction Function(this MoruTools tools, string name) => tools.Functions.Single(tool => tool.Name == name);
}
