using Moru.Protocol;

namespace Moru.Mcp;

/// <summary>Network rules of a sandbox from the command line: what it may reach, what it was refused, and why.</summary>
internal static class PolicyCommand
{
    public static Task<int> RunAsync(Settings settings, CommandLine line, CancellationToken stop) => AdminCommand.AskAsync(
        settings, asAdmin: false, server => line.Words is ["explain", var id, var host] ? ExplainAsync(server, id, host, stop) : ShowAsync(server, line.Words[1], stop), stop);

    private static async Task ExplainAsync(ControlPlane server, string id, string host, CancellationToken stop)
    {
        var explanation = await server.GetAsync($"{Path(id)}/explain?host={Uri.EscapeDataString(host)}", ApiJson.Default.NetworkExplanation, stop);
        Console.WriteLine($"{Verdict(explanation.Allowed)}\t{explanation.Reason}");
    }

    private static async Task ShowAsync(ControlPlane server, string id, CancellationToken stop)
    {
        var report = await server.GetAsync(Path(id), ApiJson.Default.SandboxNetworkReport, stop);
        Console.WriteLine($"enforced\t{(report.Enforced ? "yes" : "no")}");
        Console.WriteLine($"allow\t{string.Join(' ', report.AllowOut)}");
        Console.WriteLine($"deny\t{string.Join(' ', report.DenyOut)}");
        foreach (var decision in report.Decisions)
            Console.WriteLine(string.Join('\t', AdminCommand.Text(decision.Timestamp), Verdict(decision.Allowed), decision.Count, decision.Target, decision.Reason, decision.Source));
    }

    private static string Path(string id) => $"sandboxes/{Uri.EscapeDataString(id)}/network";

    private static string Verdict(bool allowed) => allowed ? "allowed" : "refused";
}
