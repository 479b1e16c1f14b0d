using System.Text;

namespace Moru.Tools.Tests;

/// <summary>The table of what a terminal shows, after the chapters of vttest. Screens are 10 by 4 unless said; | is the end of a line, @ marks the cursor.</summary>
public sealed class Screens
{
    [Theory]

    // Characters and lines
    [InlineData("hello", "hello@")]
    [InlineData("ab\r\ncd", "ab|cd@")]
    [InlineData("ab\ncd", "ab|  cd@")]
    [InlineData("ab\rX", "X@b")]
    [InlineData("abc\b\bX", "aX@c")]
    [InlineData("\b\b\bx", "x@")]
    [InlineData("a\tb", "a       b@")]
    [InlineData("a\vb\fc", "a| b|  c@")]
    [InlineData("1\r\n2\r\n3\r\n4\r\n5", "2|3|4|5@")]

    // Wrapping
    [InlineData("0123456789", "012345678@9")]
    [InlineData("0123456789A", "0123456789|A@")]
    [InlineData("0123456789\r\nA", "0123456789|A@")]
    [InlineData("0123456789\bX", "01234567X@9")]
    [InlineData("\e[?7l0123456789AB", "012345678@B")]
    [InlineData("0123456789\e[?7lA", "012345678@A")]

    // Cursor movement
    [InlineData("\e[2;3Hx", "|  x@")]
    [InlineData("\e[2;3fx", "|  x@")]
    [InlineData("\e[Hx", "x@")]
    [InlineData("\e[99;99Hx", "|||         @x")]
    [InlineData("\e[3;5H\e[2Ax", "    x@")]
    [InlineData("\e[9Bx", "|||x@")]
    [InlineData("ab\e[3Cx", "ab   x@")]
    [InlineData("abcd\e[2Dx", "abx@d")]
    [InlineData("\e[0Cx", " x@")]
    [InlineData("ab\e[2Ex", "ab||x@")]
    [InlineData("\e[3;5H\e[Fx", "|x@")]
    [InlineData("abc\e[2Gx", "ax@c")]
    [InlineData("abc\e[3dx", "abc||   x@")]
    [InlineData("a\e[2Ib", "a        @b")]
    [InlineData("a\e[3b", "aaaa@")]
    [InlineData("a\e[999999999b", "aaaaaaaaaa|a@")]
    [InlineData("\e[1;10H\e[Zx", "        x@")]
    [InlineData("ab\e7\r\nxy\e8c", "abc@|xy")]
    [InlineData("ab\e[s\r\nxy\e[uc", "abc@|xy")]
    [InlineData("ab\eEc", "ab|c@")]
    [InlineData("ab\eDc", "ab|  c@")]
    [InlineData("ab\e[2;1H\eMc", "c@b")]
    [InlineData("ab\eMc", "  c@|ab")]

    // Control characters inside of sequences, broken sequences
    [InlineData("A\e[2\bC B", "A  B@")]
    [InlineData("A\e[\r2CB", "A B@")]
    [InlineData("a\e[12\u0018b", "ab@")]
    [InlineData("a\e[\u001ab", "ab@")]
    [InlineData("a\e[12\e[Cb", "a b@")]
    [InlineData("a\0b\u007fc", "abc@")]

    // Erasing
    [InlineData("abcdef\e[3D\e[K", "abc@")]
    [InlineData("abcdef\e[3D\e[1K", "   @ ef")]
    [InlineData("abcdef\e[3D\e[2K", "   @")]
    [InlineData("aa\r\nbb\r\ncc\e[2;2H\e[J", "aa|b@")]
    [InlineData("aa\r\nbb\r\ncc\e[2;2H\e[1J", "| @|cc")]
    [InlineData("aa\r\nbb\e[2J", "|  @")]
    [InlineData("abcdef\e[4D\e[2X", "ab@  ef")]

    // Inserting and deleting
    [InlineData("abcdef\e[4D\e[2@", "ab@  cdef")]
    [InlineData("abcdef\e[4D\e[2P", "ab@ef")]
    [InlineData("abcdef\e[4D\e[4hX\e[4lY", "abXY@def")]
    [InlineData("1\r\n2\r\n3\e[2;1H\e[L", "1|@|2|3")]
    [InlineData("1\r\n2\r\n3\r\n4\e[2;1H\e[2M", "1|@4")]
    [InlineData("ab\e[3b", "abbbb@")]

    // Scroll regions and origin
    [InlineData("1\r\n2\r\n3\r\n4\e[2;3r\e[3;1H\nx", "1|3|x@|4")]
    [InlineData("1\r\n2\r\n3\r\n4\e[2;3r\e[2;1H\eMx", "1|x@|2|4")]
    [InlineData("\e[2;3r\e[?6h\e[1;1Hx\e[9;1Hy", "|x|y@")]
    [InlineData("1\r\n2\r\n3\r\n4\e[2S", "3|4|| @")]
    [InlineData("1\r\n2\r\n3\r\n4\e[1T", "|1|2|3@")]
    [InlineData("1\r\n2\r\n3\r\n4\e[2;3r\e[2;1H\e[9M", "1|@||4")]
    [InlineData("1\e[3;2rx", "1x@")]

    // Tabs
    [InlineData("\e[3g\e[1;4H\eH\ra\tb", "a  b@")]
    [InlineData("\e[3ga\tb", "a        @b")]

    // Character sets
    [InlineData("\e(0lqk\e(Bx", "┌─┐x@")]
    [InlineData("\e)0a\x0ex\x0fx", "a│x@")]

    // The other screen
    [InlineData("ab\e[?1049hxy\e[?1049lc", "abc@")]
    [InlineData("ab\e[?1049h\e[Hxy", "xy@")]

    // Attributes and titles are not text
    [InlineData("\e[1;31mred\e[0m", "red@")]
    [InlineData("\e[38;2;1;2;3mx\e[48:5:3my", "xy@")]
    [InlineData("\e]0;title\ax", "x@")]
    [InlineData("\e]2;title\e\\x", "x@")]
    [InlineData("\eP1$r0m\e\\x", "x@")]
    [InlineData("\e_secret\e\\x", "x@")]
    [InlineData("\e[?2004h\e[>4;1m\e=\e>x", "x@")]

    // Wide and joined characters
    [InlineData("日本", "日本@")]
    [InlineData("e\u0301x", "e\u0301x@")]
    [InlineData("012345678日", "012345678|日@")]
    [InlineData("日本\e[2GX", " X@本")]
    [InlineData("😀x", "😀x@")]

    // Resets and alignment
    [InlineData("ab\r\ncd\ecx", "x@")]
    [InlineData("\e[2;3r\e[?6h\e[!px\e[4;1Hy", "|x||y@")]
    [InlineData("\e#8\e[2;2H\e[2;3r\e[2;2H ", "EEEEEEEEEE|E @EEEEEEEE|EEEEEEEEEE|EEEEEEEEEE")]
    public void A_terminal_shows(string input, string expected)
    {
        // In pieces as a network may cut them, also within a character or a sequence.
        foreach (var piece in new[] { 1, 3, 1000 }) Assert.Equal(expected, Shown(input, piece));
    }

    [Theory]
    [InlineData("\e[2;3H\e[6n", "\e[2;3R")]
    [InlineData("\e[5n", "\e[0n")]
    [InlineData("\e[c", "\e[?62;22c")]
    [InlineData("\e[2;3r\e[?6h\e[6n", "\e[1;1R")]
    public void A_terminal_answers_questions(string input, string expected)
    {
        var screen = Feed(new Screen(10, 4), input, 1000);

        Assert.Equal((expected, ""), (screen.TakeReplies(), screen.TakeReplies()));
    }

    [Fact]
    public void Lines_that_leave_the_top_are_kept_once()
    {
        var screen = Feed(new Screen(10, 2), "1\r\n2\r\n3\r\n4\e[?1049h\r\nfull\r\nscreen\r\n\e[?1049l", 1000);

        Assert.Equal(["1", "2"], screen.TakeScrolled());
        Assert.Empty(screen.TakeScrolled());
    }

    [Fact]
    public void Lines_that_are_lost_are_counted()
    {
        var screen = Feed(new Screen(10, 2), string.Concat(Enumerable.Range(1, Screen.MaxScrolled + 5).Select(number => $"{number}\r\n")), 1000);

        Assert.Equal((4, "5"), (screen.Lost, screen.TakeScrolled()[0]));
        Assert.Equal(0, screen.Lost);
    }

    [Theory]
    [InlineData("$ ", "ls\r\nfile\r\n$ ", "ls\nfile\n$ ")]
    [InlineData("a\r\nb\r\n$ ", "x\r\ny\r\nz\r\n$ ", "x\ny\nz\n$ ")]
    [InlineData("日本 ", "x", "x")]
    [InlineData("$ ", "\r$ ls", "ls")]
    [InlineData("old\r\n$ ", "clear\r\n\e[H\e[2Jnew\r\n$ ", "new\n$ ")]
    [InlineData("$ ", "clear\r\n\e[H\e[Jnew", "new")]
    [InlineData("old\r\n$ ", "\e[1;1Hnew", "new\n$")]
    [InlineData("old\r\n$ ", "vi\r\n\e[?1049h\e[Hfull", "full")]
    [InlineData("old\r\n$ ", "vi\r\n\e[?1049h\e[Hfull\e[?1049l$ ", "$ ")]
    [InlineData("old\r\n$ ", "\ecnew", "new")]
    public void What_comes_after_a_mark_is_told_from_what_was_there(string before, string after, string expected)
    {
        var screen = Feed(new Screen(10, 4), before, 1000);
        screen.Mark();

        Feed(screen, after, 1000);

        Assert.Equal(expected, screen.Since(0));
    }

    [Fact]
    public void A_lower_screen_keeps_the_line_of_the_cursor_and_a_wider_one_its_text()
    {
        var screen = Feed(new Screen(10, 4), "1\r\n2\r\n3\r\n4", 1000);

        screen.Resize(20, 2);

        Assert.Equal(("3\n4", 2, 2), (screen.Text, screen.CursorRow, screen.CursorColumn));
        Assert.Equal(["1", "2"], screen.TakeScrolled());
    }

    [Fact]
    public void No_input_breaks_a_screen()
    {
        var random = new Random(20);
        var alphabet = "\e[]()#?!;:0123456789ABCDEFGHJKLMPSTXZ@`abcdefghlmnrsu78\a\b\t\r\n\x0e\x0f日e\u0301 "u8.ToArray();
        var screen = new Screen(12, 5);
        var parser = new VtParser(screen);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = new byte[random.Next(1, 40)];
            for (var at = 0; at < bytes.Length; at++) bytes[at] = random.Next(20) == 0 ? (byte)random.Next(256) : alphabet[random.Next(alphabet.Length)];
            parser.Feed(bytes);
            if (round % 500 == 0) screen.Resize(random.Next(2, 40), random.Next(2, 20));
            Assert.InRange(screen.CursorRow, 1, screen.Rows);
            Assert.InRange(screen.CursorColumn, 1, screen.Columns);
            if (random.Next(10) == 0) screen.Mark();
            screen.Since(random.Next(2) * screen.Left);
            screen.TakeReplies();
        }

        Assert.InRange(screen.TakeScrolled().Count, 1, Screen.MaxScrolled);
    }

    [Theory]
    [InlineData("Enter", "\r")]
    [InlineData("Ctrl+C ctrl+d", "\u0003\u0004")]
    [InlineData("Up Down", "\e[A\e[B")]
    [InlineData("Alt+x Shift+Tab Ctrl+Left", "\ex\e[Z\e[1;5D")]
    [InlineData("a + F10", "a+\e[21~")]
    public void Keys_send_what_a_keyboard_sends(string keys, string sent) => Assert.Equal(sent, Keys.Send(keys, application: false));

    [Fact]
    public void An_unknown_key_is_answered_with_those_that_there_are()
    {
        var error = Assert.Throws<ToolException>(() => Keys.Send("Entre", application: false));

        Assert.StartsWith("There is no key 'Entre'. Keys are separated by spaces: single characters, Enter, Tab", error.Message, StringComparison.Ordinal);
    }

    private static Screen Feed(Screen screen, string input, int piece)
    {
        var parser = new VtParser(screen);
        foreach (var bytes in Encoding.UTF8.GetBytes(input).Chunk(piece)) parser.Feed(bytes);
        return screen;
    }

    private static string Shown(string input, int piece)
    {
        var screen = Feed(new Screen(10, 4), input, piece);
        var lines = screen.Text.Split('\n').ToList();
        while (lines.Count < screen.CursorRow) lines.Add("");
        var line = lines[screen.CursorRow - 1];

        // Cells count, not characters: a wide one takes two, and a mark none.
        var (at, cell) = (0, 1);
        while (cell < screen.CursorColumn || (at < line.Length && CellWidth.Of(Rune.GetRuneAt(line, at)) == 0))
        {
            if (at == line.Length) line += ' ';
            var rune = Rune.GetRuneAt(line, at);
            cell += CellWidth.Of(rune);
            at += rune.Utf16SequenceLength;
        }

        lines[screen.CursorRow - 1] = line.Insert(at, "@");
        return string.Join('|', lines);
    }
}
