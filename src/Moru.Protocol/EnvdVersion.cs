namespace Moru.Protocol;

/// <summary>Version of the agent protocol that envd speaks; official clients switch features on it.</summary>
public static class EnvdVersion
{
    /// <summary>The version reported for every sandbox.</summary>
    public const string Current = "0.4.3";
}
