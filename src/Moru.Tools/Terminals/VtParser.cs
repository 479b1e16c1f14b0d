using System.Text;

namespace Moru.Tools;

/// <summary>
/// Splits what a terminal receives into characters, control characters and control sequences (ECMA-48), after the state machine of DEC's
/// terminals. What is malformed or too long is dropped; memory does not depend on the input.
/// </summary>
internal sealed class VtParser(Screen screen)
{
    private const int MaxParameters = 16;
    private const int MaxString = 1_024;

    private readonly Decoder utf8 = Encoding.UTF8.GetDecoder();
    private readonly List<int> parameters = [];
    private readonly StringBuilder text = new();
    private State state;
    private bool hasDigits;
    private char marker;
    private char intermediate;
    private char high;

    private enum State
    {
        Ground,
        Escape,
        Csi,
        Osc,
        Ignored,
    }

    public void Feed(ReadOnlySpan<byte> bytes)
    {
        var chars = new char[utf8.GetCharCount(bytes, flush: false)];
        utf8.GetChars(bytes, chars, flush: false);
        foreach (var next in chars) Take(next);
    }

    private void Take(char next)
    {
        if (next is '\x18' or '\x1a') state = State.Ground; // CAN and SUB break off any sequence
        else if (next == '\e') Begin();
        else if (state is State.Osc or State.Ignored) TakeString(next);
        else if (next < ' ') screen.Control(next); // also within a sequence
        else if (next is >= '\x7f' and <= '\x9f') return;
        else if (state == State.Ground) Print(next);
        else if (state == State.Escape) TakeEscape(next);
        else TakeCsi(next);
    }

    private void Begin()
    {
        if (state == State.Osc) EndString(); // ST is ESC \; the backslash is a sequence of its own that does nothing
        (state, marker, intermediate, hasDigits) = (State.Escape, '\0', '\0', false);
        parameters.Clear();
    }

    private void Print(char next)
    {
        if (char.IsHighSurrogate(next))
        {
            high = next;
            return;
        }

        var rune = char.IsLowSurrogate(next) && high != '\0' ? new Rune(high, next) : Rune.TryCreate(next, out var whole) ? whole : Rune.ReplacementChar;
        high = '\0';
        screen.Print(rune);
    }

    private void TakeEscape(char next)
    {
        if (next is >= ' ' and <= '/')
        {
            intermediate = next;
            return;
        }

        state = (next, intermediate) switch
        {
            ('[', '\0') => State.Csi,
            (']', '\0') => State.Osc,
            ('P' or 'X' or '^' or '_', '\0') => State.Ignored,
            _ => State.Ground,
        };
        text.Clear();
        if (state == State.Ground) screen.Escape(intermediate, next);
    }

    private void TakeCsi(char next)
    {
        switch (next)
        {
            case >= '0' and <= '9':
                if (!hasDigits && parameters.Count < MaxParameters) parameters.Add(0);
                hasDigits = true;
                if (parameters.Count > 0) parameters[^1] = Math.Min((parameters[^1] * 10) + next - '0', 99_999);
                break;
            case ';' or ':':
                if (!hasDigits && parameters.Count < MaxParameters) parameters.Add(0);
                hasDigits = false;
                break;
            case >= '<' and <= '?':
                marker = next;
                break;
            case >= ' ' and <= '/':
                intermediate = next;
                break;
            default:
                state = State.Ground;
                screen.Sequence(marker, intermediate, next, parameters);
                break;
        }
    }

    private void TakeString(char next)
    {
        if (next == '\a' && state == State.Osc)
        {
            EndString();
            state = State.Ground;
        }
        else if (text.Length < MaxString)
        {
            text.Append(next);
        }
    }

    private void EndString()
    {
        var command = text.ToString();
        if (command.StartsWith("0;", StringComparison.Ordinal) || command.StartsWith("2;", StringComparison.Ordinal)) screen.Title = command[2..];
        text.Clear();
    }
}
