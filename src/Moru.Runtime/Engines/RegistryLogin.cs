namespace Moru.Runtime;

/// <summary>What a registry asks of those who pull from it. Never stored.</summary>
public sealed record RegistryLogin(string Username, string Password)
{
    public override string ToString() => $"login of {Username}"; // not the password
}
