namespace Moru.Sdk.Tests;

/// <summary>Lets the static members of the SDK, which go by the environment, lead to the server of the tests.</summary>
internal static class DefaultClient
{
    private static readonly Lock Gate = new();

    public static void LeadTo(ServerFixture fixture)
    {
        lock (Gate)
        {
            Environment.SetEnvironmentVariable("MORU_API_URL", "unix:" + fixture.Server.SocketPath);
            Environment.SetEnvironmentVariable("MORU_API_KEY", fixture.Server.ApiKey);
            _ = MoruClient.Default;
        }
    }
}
