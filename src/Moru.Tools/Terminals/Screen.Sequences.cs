namespace Moru.Tools;

/// <content>What control characters and sequences do to a screen.</content>
internal sealed partial class Screen
{
    // The special graphics of DEC's VT100, from 0x5F on.
    private static readonly string[] LineDrawing =
    [
        " ", "◆", "▒", "␉", "␌", "␍", "␊", "°", "±", "␤", "␋", "┘", "┐", "┌", "└", "┼", "⎺", "⎻", "─", "⎼", "⎽", "├", "┤", "┴", "┬", "│", "≤", "≥", "π", "≠", "£", "·",
    ];

    public void Control(char control)
    {
        switch (control)
        {
            case '\b': MoveTo(row, column - 1); break;
            case '\t': Tab(1); break;
            case '\n' or '\v' or '\f': LineFeed(); break;
            case '\r': MoveTo(row, 0); break;
            case '\x0e': shifted = true; break;
            case '\x0f': shifted = false; break;
        }
    }

    public void Escape(char intermediate, char final)
    {
        switch (intermediate, final)
        {
            case ('\0', '7'): Save(); break;
            case ('\0', '8'): Restore(); break;
            case ('\0', 'D'): LineFeed(); break;
            case ('\0', 'E'): column = 0; LineFeed(); break;
            case ('\0', 'H'): tabs[column] = true; break;
            case ('\0', 'M'): ReverseLineFeed(); break;
            case ('\0', 'c'): Reset(); break;
            case ('(', _): graphics = final == '0'; break;
            case (')', _): graphicsOfG1 = final == '0'; break;
            case ('#', '8'): FillWithE(); break;
        }
    }

    public void Sequence(char marker, char intermediate, char final, IReadOnlyList<int> parameters)
    {
        int Number(int index, int absent) => index < parameters.Count && parameters[index] > 0 ? parameters[index] : absent;
        var count = Number(0, 1);
        switch (marker, intermediate, final)
        {
            case ('\0', '\0', 'A'): MoveTo(Math.Max(row - count, row >= top ? top : 0), column); break;
            case ('\0', '\0', 'B' or 'e'): MoveTo(Math.Min(row + count, row <= bottom ? bottom : Rows - 1), column); break;
            case ('\0', '\0', 'C' or 'a'): MoveTo(row, column + count); break;
            case ('\0', '\0', 'D'): MoveTo(row, column - count); break;
            case ('\0', '\0', 'E'): MoveTo(Math.Min(row + count, row <= bottom ? bottom : Rows - 1), 0); break;
            case ('\0', '\0', 'F'): MoveTo(Math.Max(row - count, row >= top ? top : 0), 0); break;
            case ('\0', '\0', 'G' or '`'): MoveTo(row, count - 1); break;
            case ('\0', '\0', 'd'): MoveToLine(count - 1, column); break;
            case ('\0', '\0', 'H' or 'f'): MoveToLine(count - 1, Number(1, 1) - 1); break;
            case ('\0', '\0', 'I'): Tab(count); break;
            case ('\0', '\0', 'Z'): Tab(-count); break;
            case ('\0' or '?', '\0', 'J'): EraseInScreen(Number(0, 0)); break;
            case ('\0' or '?', '\0', 'K'): EraseInLine(Number(0, 0)); break;
            case ('\0', '\0', 'L'): if (InRegion) { Scroll(row, bottom, -count); MoveTo(row, 0); } break;
            case ('\0', '\0', 'M'): if (InRegion) { ScrollSilently(row, count); MoveTo(row, 0); } break;
            case ('\0', '\0', '@'): InsertCells(count); break;
            case ('\0', '\0', 'P'): DeleteCells(count); break;
            case ('\0', '\0', 'X'): Erase(row, column, column + count); break;
            case ('\0', '\0', 'S'): Scroll(top, bottom, count); break;
            case ('\0', '\0', 'T'): Scroll(top, bottom, -count); break;
            case ('\0', '\0', 'b'): for (var left = Math.Min(count, Columns); left > 0; left--) Print(last); break;
            case ('\0', '\0', 'g'): ClearTabs(Number(0, 0)); break;
            case ('\0', '\0', 'r'): SetRegion(count - 1, Number(1, Rows) - 1); break;
            case ('\0', '\0', 's'): Save(); break;
            case ('\0', '\0', 'u'): Restore(); break;
            case ('\0', '\0', 'h' or 'l'): if (parameters.Contains(4)) insert = final == 'h'; break;
            case ('?', '\0', 'h' or 'l'): foreach (var mode in parameters) SetMode(mode, final == 'h'); break;
            case ('\0', '\0', 'n'): Report(Number(0, 0)); break;
            case ('\0', '\0', 'c'): replies.Append("\e[?62;22c"); break;
            case ('>', '\0', 'c'): replies.Append("\e[>1;10;0c"); break;
            case ('\0', '!', 'p'): SoftReset(); break;
        }
    }

    private bool InRegion => row >= top && row <= bottom;

    private void MoveToLine(int line, int newColumn)
    {
        if (origin) MoveTo(Math.Min(top + line, bottom), newColumn);
        else MoveTo(line, newColumn);
    }

    private void Tab(int count)
    {
        var at = column;
        for (var left = Math.Min(Math.Abs(count), Columns); left > 0; left--)
        {
            do at += Math.Sign(count); while (at > 0 && at < Columns - 1 && !tabs[at]);
        }

        MoveTo(row, at);
    }

    private void ClearTabs(int which)
    {
        if (which == 0) tabs[column] = false;
        else if (which == 3) Array.Clear(tabs);
    }

    private void EraseInScreen(int which)
    {
        if (which == 3) return; // the lines that have left; they are the reader's
        if (!Alternate && (which == 2 || (which == 0 && (row, column) == (0, 0)))) Unmark();
        Change(which == 0 ? row : 0);
        EraseInLine(which);
        for (var line = 0; line < Rows; line++)
        {
            if (which == 2 || (which == 0 && line > row) || (which == 1 && line < row)) Array.Clear(lines[line]);
        }
    }

    private void EraseInLine(int which) => Erase(row, which == 0 ? column : 0, which == 1 ? column + 1 : Columns);

    private void Erase(int line, int from, int until)
    {
        until = Math.Min(until, Columns);
        Change(line);
        Break(line, from, until - from);
        Array.Clear(lines[line], from, until - from);
        wrapPending = false;
    }

    private void InsertCells(int count)
    {
        count = Math.Min(count, Columns - column);
        Break(row, column, 0);
        Array.Copy(lines[row], column, lines[row], column + count, Columns - column - count);
        Array.Clear(lines[row], column, count);
        if (lines[row][^1] is { Length: > 0 } end && CellWidth.Of(end.EnumerateRunes().First()) == 2) lines[row][^1] = null;
        wrapPending = false;
    }

    private void DeleteCells(int count)
    {
        count = Math.Min(count, Columns - column);
        Break(row, column, count);
        Array.Copy(lines[row], column + count, lines[row], column, Columns - column - count);
        Array.Clear(lines[row], Columns - count, count);
        wrapPending = false;
    }

    /// <summary>Lines that a program deletes from the middle have not left the top.</summary>
    private void ScrollSilently(int first, int count)
    {
        Change(first - 1);
        var (before, lost, left) = (scrolled.ToArray(), Lost, Left);
        Scroll(first, bottom, count);
        (Lost, Left) = (lost, left);
        scrolled.Clear();
        foreach (var line in before) scrolled.Enqueue(line);
    }

    private void SetRegion(int first, int end)
    {
        end = Math.Min(end, Rows - 1);
        if (first >= end) return;
        (top, bottom) = (first, end);
        MoveToLine(0, 0);
    }

    private void SetMode(int mode, bool on)
    {
        switch (mode)
        {
            case 1: ApplicationCursor = on; break;
            case 6: origin = on; MoveToLine(0, 0); break;
            case 7: autoWrap = on; wrapPending &= on; break;
            case 25: CursorVisible = on; break;
            case 47 or 1047: UseAlternate(on); break;
            case 1048: if (on) Save(); else Restore(); break;
            case 1049:
                if (on && !Alternate) Save();
                var leaves = Alternate && !on;
                UseAlternate(on);
                if (!leaves) break;
                Restore();
                Mark();
                break;
        }
    }

    private void UseAlternate(bool on)
    {
        if (on && main is null) (main, lines) = (lines, Blank(Columns, Rows));
        else if (!on && main is not null) (lines, main) = (main, null);
        else return;
        if (!on) Mark();
    }

    private void Report(int what)
    {
        if (what == 5) replies.Append("\e[0n");
        else if (what == 6) replies.Append(System.Globalization.CultureInfo.InvariantCulture, $"\e[{row + 1 - (origin ? top : 0)};{column + 1}R");
    }

    private void Save() => saved = new Saved(row, column, wrapPending, origin, graphics, graphicsOfG1, shifted);

    private void Restore()
    {
        MoveTo(saved.Row, saved.Column);
        (wrapPending, origin, graphics, graphicsOfG1, shifted) = (saved.WrapPending, saved.Origin, saved.Graphics, saved.GraphicsOfG1, saved.Shifted);
    }

    private void FillWithE()
    {
        Change(0);
        foreach (var line in lines) Array.Fill(line, "E");
        MoveTo(0, 0);
    }

    private void SoftReset()
    {
        (top, bottom, insert, origin, autoWrap, graphics, graphicsOfG1, shifted) = (0, Rows - 1, false, false, true, false, false, false);
        (CursorVisible, ApplicationCursor, saved) = (true, false, default);
    }

    private void Reset()
    {
        UseAlternate(false);
        SoftReset();
        (lines, tabs, Title) = (Blank(Columns, Rows), Tabs(Columns), "");
        MoveTo(0, 0);
        Unmark();
    }
}
