namespace Moru.Runtime;

/// <summary>The program <c>nft</c>, which hands the kernel a change of its packet filter as one transaction.</summary>
internal static class Nft
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    /// <summary>All of it or nothing.</summary>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.StartFailed"/>: the kernel or nft refused.</exception>
    public static Task ApplyAsync(string change) => RunAsync(["--file", "-"], change);

    public static Task<string> AskAsync(params string[] arguments) => RunAsync(arguments, "");

    private static async Task<string> RunAsync(string[] arguments, string input)
    {
        try
        {
            return await SystemTool.RunAsync(Bound, "nft", arguments, input);
        }
        catch (SystemToolException failure)
        {
            throw new RuntimeException(RuntimeError.StartFailed, $"The packet filter of this machine could not be changed: {failure.Message}.", failure);
        }
    }
}
