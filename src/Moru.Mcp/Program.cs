using System.Runtime.InteropServices;
using Moru;
using Moru.Mcp;

if (CommandLine.Parse(args, out var problem) is not { } line) return Complaint.Write($"{problem}. 'moru-mcp --help' shows what there is.", exitCode: 2);

using var stop = new CancellationTokenSource();
void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}

using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
try
{
    switch (line.Verb)
    {
        case "http": return await HttpCommand.RunAsync(Settings.From(line), stop.Token);
        case "serve": return await ServeCommand.RunAsync(Settings.From(line), stop.Token);
        case "config":
            Settings.From(line); // what the server would refuse is refused here
            return ClientConfiguration.Print(line);
        case "env": return await EnvCommand.RunAsync(Settings.From(line), stop.Token);
        case "keys" or "teams": return await AdminCommand.RunAsync(Settings.From(line), line, stop.Token);
        case "policy": return await PolicyCommand.RunAsync(Settings.From(line), line, stop.Token);
        case "stdio": return await StdioCommand.RunAsync(Settings.From(line), stop.Token);
        case "--version": Console.WriteLine($"moru-mcp {McpFace.Version}"); return 0;
        default: Console.WriteLine(CommandLine.Usage); return 0;
    }
}
catch (InvalidArgumentException error)
{
    return Complaint.Write(error.Message, exitCode: 2);
}
