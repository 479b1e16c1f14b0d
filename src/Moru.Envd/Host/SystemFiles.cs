using System.Text;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>
/// Files by which programs in the sandbox learn where they are, without the environment of a command of ours: cron jobs and services.
/// They are a courtesy: an image where they cannot be written works all the same.
/// </summary>
internal static class SystemFiles
{
    private const string Hosts = "/etc/hosts", EventsHost = "events.moru.local";
    private const int MaxHosts = 1 << 20;

    private static readonly User Root = new("root", 0, 0, "/", [0]);

    /// <summary>Writes the sandbox's variables to files of the same name in <c>/run/moru</c>, each with a dot in front.</summary>
    public static void WriteVariables(IReadOnlyDictionary<string, string> variables)
    {
        foreach (var name in (string[])["MORU_SANDBOX", "MORU_SANDBOX_ID", "MORU_TEMPLATE_ID"])
        {
            if (variables.TryGetValue(name, out var value)) TryWrite($"/run/moru/.{name}", Encoding.UTF8.GetBytes(value));
        }
    }

    /// <summary>Gives the address of the event service its name, in place of an earlier address.</summary>
    public static void NameEventsHost(string address)
    {
        var line = $"{address}\t{EventsHost}";
        if (FileStatus.Of(Hosts) is null)
        {
            TryWrite(Hosts, Encoding.ASCII.GetBytes(line + "\n"));
            return;
        }

        // What cannot be read must not be replaced. Latin 1 gives every other byte back as it was.
        if (SmallFile.ReadOrDefault(Hosts, MaxHosts) is not { } bytes) return;
        var before = Encoding.Latin1.GetString(bytes);
        var others = before.TrimEnd('\n').Split('\n').Where(text => !text.Split(' ', '\t').Contains(EventsHost));
        var after = string.Join('\n', others.Append(line)) + "\n";
        if (after != before) TryWrite(Hosts, Encoding.Latin1.GetBytes(after));
    }

    private static void TryWrite(string path, byte[] content)
    {
        try
        {
            RegularFile.MakeParents(path, Root);
            using var file = RegularFile.Create(path, Root);
            file.Replace(content);
        }
        catch (ConnectException exception)
        {
            Log.Failure($"cannot write {path}", exception);
        }
    }
}
