using System.Text;
using Moru.Protocol;

namespace Moru.Runtime;

/// <summary>Cuts what a process writes into lines. A line that never ends is cut where it becomes too long.</summary>
internal sealed class OutputLines(Action<bool, string> onLine)
{
    private readonly Half stdout = new(line => onLine(false, line));
    private readonly Half stderr = new(line => onLine(true, line));

    public void Take(ProcessEvent happened)
    {
        if (happened.Data?.Stdout is { } output) stdout.Add(output.Span);
        if (happened.Data?.Stderr is { } errors) stderr.Add(errors.Span);
        if (happened.End is null) return;
        stdout.Finish();
        stderr.Finish();
    }

    private sealed class Half(Action<string> onLine)
    {
        private readonly Decoder decoder = Encoding.UTF8.GetDecoder();
        private readonly StringBuilder line = new();

        public void Add(ReadOnlySpan<byte> bytes)
        {
            var chars = new char[decoder.GetCharCount(bytes, flush: false)];
            decoder.GetChars(bytes, chars, flush: false);
            foreach (var character in chars)
            {
                if (character == '\n' || line.Length >= BuildLog.MaxLineChars) Finish(evenEmpty: character == '\n');
                if (character != '\n') line.Append(character);
            }
        }

        public void Finish(bool evenEmpty = false)
        {
            if (line.Length == 0 && !evenEmpty) return;
            onLine(line.ToString().TrimEnd('\r'));
            line.Clear();
        }
    }
}
