using System.Text;

namespace Moru.Tools;

/// <content>The place behind which a pattern is looked for: what was there when something was typed is no answer to it.</content>
internal sealed partial class Screen
{
    private (long Line, int Column) mark;
    private bool marked;

    /// <summary>How many lines have ever left the top, so that lines have numbers that stay.</summary>
    public long Left { get; private set; }

    /// <summary>Looks from the cursor on. Programs that clear the screen or draw above that place, or have the screen for themselves, are seen as a whole.</summary>
    public void Mark() => (mark, marked) = ((Left + row, column + (wrapPending ? 1 : 0)), true);

    /// <summary>Looks at everything that has not been taken.</summary>
    public void MarkUnseen() => (mark, marked) = ((Left - scrolled.Count, 0), false);

    /// <summary>Whether <see cref="Since"/> begins at the cursor's place of that time.</summary>
    public bool BeginsAtMark(long line) => marked && !Alternate && mark.Line >= Math.Max(line, Left - scrolled.Count);

    /// <summary>The text behind the mark, in which the line of the cursor keeps the blanks before it.</summary>
    /// <param name="line">Those before it are left out.</param>
    public string Since(long line)
    {
        var first = Alternate ? Left : Math.Max(Math.Max(line, mark.Line), Left - scrolled.Count);
        var end = Rows - 1;
        while (end > row && lines[end].All(cell => cell is null or " ")) end--;
        var text = new StringBuilder();
        foreach (var gone in scrolled.Skip((int)Math.Max(0, first - Left + scrolled.Count))) text.Append(gone).Append('\n');
        for (var at = (int)Math.Max(0, first - Left); at <= end; at++) text.Append(at == row ? CursorLine() : Line(lines[at])).Append('\n');
        if (text.Length > 0) text.Length--;
        return BeginsAtMark(line) ? Behind(text.ToString(), mark.Column) : text.ToString();
    }

    /// <summary>Something is drawn on a line.</summary>
    private void Change(int line)
    {
        if (!Alternate && Left + line < mark.Line) Unmark();
    }

    private void Unmark() => (mark, marked) = ((Left, 0), false);

    private string CursorLine()
    {
        var line = Line(lines[row]);
        var before = string.Concat(lines[row].Take(column).Select(cell => cell ?? " "));
        return before.Length > line.Length ? before : line;
    }

    private static string Behind(string text, int column)
    {
        var at = 0;
        for (var cell = 0; at < text.Length && text[at] != '\n'; at += Rune.GetRuneAt(text, at).Utf16SequenceLength)
        {
            cell += CellWidth.Of(Rune.GetRuneAt(text, at));
            if (cell > column) break;
        }

        return text[at..];
    }
}
