using System.Text;

namespace Moru.Tools;

/// <summary>
/// The screen of a terminal of the xterm kind: what a person would see, without colours. Rows and columns count from zero inside and from
/// one outside. Lines that leave the top are kept, <see cref="MaxScrolled"/> of them.
/// </summary>
internal sealed partial class Screen
{
    public const int MaxScrolled = 500;

    private const int MaxMarks = 8;
    private const int TabWidth = 8;

    private readonly Queue<string> scrolled = new();
    private readonly StringBuilder replies = new();
    private string?[][] lines;
    private string?[][]? main;
    private bool[] tabs;
    private int row;
    private int column;
    private int top;
    private int bottom;
    private bool wrapPending;
    private bool autoWrap = true;
    private bool insert;
    private bool origin;
    private bool graphics;
    private bool graphicsOfG1;
    private bool shifted;
    private Rune last = new(' ');
    private Saved saved;

    public Screen(int columns, int rows)
    {
        (Columns, Rows, bottom) = (columns, rows, rows - 1);
        lines = Blank(columns, rows);
        tabs = Tabs(columns);
    }

    public int Columns { get; private set; }

    public int Rows { get; private set; }

    public int CursorRow => row + 1;

    public int CursorColumn => column + 1;

    public bool CursorVisible { get; private set; } = true;

    /// <summary>Whether a full-screen program has the screen for itself.</summary>
    public bool Alternate => main is not null;

    /// <summary>What the program calls its window; empty: nothing.</summary>
    public string Title { get; set; } = "";

    /// <summary>Whether arrow keys are to be sent as the application mode asks.</summary>
    public bool ApplicationCursor { get; private set; }

    /// <summary>The screen as text, without the blanks at the end of lines and the empty lines at its end.</summary>
    public string Text => string.Join('\n', lines.Select(Line)).TrimEnd('\n');

    /// <summary>What a terminal answers to questions of its program, once.</summary>
    public string TakeReplies()
    {
        var text = replies.ToString();
        replies.Clear();
        return text;
    }

    /// <summary>Lines that have left the top since they were last taken, and are not kept.</summary>
    public long Lost { get; private set; }

    /// <summary>Takes the lines that have left the top.</summary>
    public IReadOnlyList<string> TakeScrolled()
    {
        var taken = scrolled.ToArray();
        scrolled.Clear();
        Lost = 0;
        return taken;
    }

    public void Resize(int columns, int rows)
    {
        // As xterm does: when it gets lower, lines leave at the top as far as the cursor needs it.
        while (!Alternate && row >= rows)
        {
            Scroll(0, lines.Length - 1, 1);
            row--;
        }

        lines = Fit(lines, columns, rows);
        main = main is null ? null : Fit(main, columns, rows);
        (Columns, Rows, top, bottom, tabs) = (columns, rows, 0, rows - 1, Tabs(columns));
        MoveTo(row, column);
    }

    public void Print(Rune rune)
    {
        if (IsGraphics && rune.Value is >= 0x5F and <= 0x7E) rune = LineDrawing[rune.Value - 0x5F].EnumerateRunes().First();
        var width = CellWidth.Of(rune);
        if (width == 0)
        {
            Join(rune);
            return;
        }

        if (width > Columns) return;
        last = rune;
        if (wrapPending || (column + width > Columns && autoWrap))
        {
            column = 0;
            LineFeed();
        }

        column = Math.Min(column, Columns - width);
        Change(row);
        if (insert) InsertCells(width);
        Break(row, column, width);
        lines[row][column] = rune.ToString();
        if (width == 2) lines[row][column + 1] = "";
        wrapPending = autoWrap && column + width == Columns;
        column = Math.Min(column + width, Columns - 1);
    }

    /// <summary>A mark joins the character to the left of the cursor; a cell holds only so many of them.</summary>
    private void Join(Rune mark)
    {
        var at = wrapPending ? column : column - 1;
        if (at > 0 && lines[row][at] == "") at--;
        if (at >= 0 && lines[row][at] is { Length: > 0 and < MaxMarks } cell) lines[row][at] = cell + mark;
    }

    /// <summary>Half of a wide character cannot stay.</summary>
    private void Break(int line, int from, int count)
    {
        var cells = lines[line];
        if (cells[from] == "" && from > 0) cells[from - 1] = null;
        var after = from + count;
        if (after < Columns && cells[after] == "") cells[after] = null;
    }

    private void LineFeed()
    {
        wrapPending = false;
        if (row == bottom) Scroll(top, bottom, 1);
        else if (row < Rows - 1) row++;
    }

    private void ReverseLineFeed()
    {
        wrapPending = false;
        if (row == top) Scroll(top, bottom, -1);
        else if (row > 0) row--;
    }

    /// <summary>Moves the lines of a region up, or down when <paramref name="count"/> is negative.</summary>
    private void Scroll(int first, int end, int count)
    {
        var size = end - first + 1;
        if (count < 0 || first > 0) Change(first - 1);
        for (var moved = Math.Min(Math.Abs(count), size); moved > 0; moved--)
        {
            var (gone, free) = count > 0 ? (first, end) : (end, first);
            var line = lines[gone];
            if (count > 0 && first == 0 && !Alternate) Keep(Line(line));
            if (count > 0) Array.Copy(lines, first + 1, lines, first, size - 1);
            else Array.Copy(lines, first, lines, first + 1, size - 1);
            lines[free] = new string?[Columns];
        }
    }

    private void Keep(string line)
    {
        Left++;
        if (scrolled.Count == MaxScrolled && scrolled.TryDequeue(out _)) Lost++;
        scrolled.Enqueue(line);
    }

    private void MoveTo(int newRow, int newColumn)
    {
        row = Math.Clamp(newRow, 0, Rows - 1);
        column = Math.Clamp(newColumn, 0, Columns - 1);
        wrapPending = false;
    }

    private bool IsGraphics => shifted ? graphicsOfG1 : graphics;

    private static string Line(string?[] cells) => string.Concat(cells.Select(cell => cell ?? " ")).TrimEnd(' ');

    private static string?[][] Blank(int columns, int rows) => [.. Enumerable.Range(0, rows).Select(_ => new string?[columns])];

    private static bool[] Tabs(int columns) => [.. Enumerable.Range(0, columns).Select(at => at % TabWidth == 0)];

    private static string?[][] Fit(string?[][] old, int columns, int rows)
    {
        var fitted = Blank(columns, rows);
        for (var line = 0; line < Math.Min(rows, old.Length); line++) Array.Copy(old[line], fitted[line], Math.Min(columns, old[line].Length));
        return fitted;
    }

    private readonly record struct Saved(int Row, int Column, bool WrapPending, bool Origin, bool Graphics, bool GraphicsOfG1, bool Shifted);
}
