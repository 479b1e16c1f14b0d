using Microsoft.Extensions.Logging;

namespace Moru.Runtime;

public sealed partial class Sandboxes
{
    /// <summary>
    /// Gives a running or paused sandbox other rules for the connections it opens. Those that are open and not allowed any more carry
    /// nothing once this returns.
    /// </summary>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.InvalidArgument"/>: a rule is malformed, or this server cannot enforce it.</exception>
    public async Task<SandboxRecord> ChangeEgressAsync(
        string id, IReadOnlyList<string> allowOut, IReadOnlyList<string> denyOut, bool allowInternet, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        var sandbox = Visible(id);
        using (await sandbox.EnterAsync(cancellationToken))
        {
            if (!sandbox.IsVisible) throw NotFound(id);
            var rules = sandbox.Record.Network with { AllowOut = allowOut, DenyOut = allowInternet ? denyOut : [NetworkRules.Everything] };
            rules.Check(sandbox.Record.Secure);
            var changed = sandbox.Record with { Network = rules, AllowInternet = allowInternet && !rules.DeniesEverything };
            // The kernel first: whoever is told that a connection is closed can rely on it. A server killed in between goes back to the old rules.
            await network.ChangeAsync(sandbox.Record, changed);
            sandbox.Swap(Save(changed));
        }

        Log.EgressChanged(log, id);
        return sandbox.Record;
    }

    /// <summary>What the sandbox was let through and refused.</summary>
    /// <returns>Null where this server does not filter.</returns>
    public async Task<NetworkReport?> ReportEgressAsync(string id) => await network.ReportAsync(Visible(id).Id);

    /// <summary>Whether a sandbox may reach a host, and why.</summary>
    /// <returns>Null where this server does not filter.</returns>
    public async Task<Explanation?> ExplainEgressAsync(string id, string host, CancellationToken cancellationToken) =>
        await network.ExplainAsync(Visible(id).Id, host, cancellationToken);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {SandboxId} has other rules for what it may reach")]
        public static partial void EgressChanged(ILogger log, string sandboxId);
    }
}
