using System.Text;
using Moru.Tools;

namespace Moru.Tools.Tests;

public sealed class TextWindows
{
    [Theory]
    [InlineData("", 1, 10, "", 0, 0)]
    [InlineData("a\nb\nc\n", 1, 10, "a\nb\nc\n", 3, 3)]
    [InlineData("a\nb\nc", 1, 10, "a\nb\nc", 3, 3)]
    [InlineData("a\nb\nc", 2, 1, "b\n", 2, 3)]
    [InlineData("a\nb\nc", 3, 5, "c", 3, 3)]
    [InlineData("a\nb\nc", 9, 5, "", 8, 3)]
    [InlineData("ä\n€\n😀\n", 2, 2, "€\n😀\n", 3, 3)]
    public async Task Lines_are_counted_from_one(string text, int first, int count, string content, int last, int total)
    {
        var window = await ReadAsync(Encoding.UTF8.GetBytes(text), first, count);

        Assert.Equal((content, last, total), (window.Content, window.LastLine, window.TotalLines));
    }

    [Fact]
    public async Task Characters_survive_any_split_into_chunks()
    {
        var text = string.Concat(Enumerable.Repeat("aä€😀\n", 200));

        var window = await ReadAsync(Encoding.UTF8.GetBytes(text), 1, 2_000, chunk: 1);

        Assert.Equal(text, window.Content);
    }

    [Fact]
    public async Task A_long_text_ends_at_a_whole_line()
    {
        var window = await ReadAsync(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(new string('x', 999) + "\n", 100))), 1, 2_000);

        Assert.Equal((32_000, 32, 100), (window.Content.Length, window.LastLine, window.TotalLines));
    }

    [Fact]
    public async Task A_line_longer_than_the_window_loses_its_end()
    {
        var window = await ReadAsync(Encoding.UTF8.GetBytes(new string('x', 40_000) + "\nnext\n"), 1, 2_000);

        Assert.Equal((32_000, 1, true, 2), (window.Content.Length, window.LastLine, window.LineCut, window.TotalLines));
    }

    [Theory]
    [InlineData(new byte[] { 65, 0, 66 }, 1)]
    [InlineData(new byte[] { 65, 66, 0xFF, 67 }, 2)]
    [InlineData(new byte[] { 65, 0xE2, 0x82 }, 1)]
    [InlineData(new byte[] { 0xC3, 0 }, 0)]
    public async Task The_first_byte_that_is_no_text_is_found(byte[] bytes, long offset)
    {
        foreach (var chunk in new[] { 1, 2, 64 })
            Assert.Equal(offset, (await ReadAsync(bytes, 1, 10, chunk)).BadByteAt);
    }

    [Fact]
    public async Task A_huge_text_is_not_read_to_its_end()
    {
        using var endless = new Repeating("line\n"u8.ToArray(), int.MaxValue);

        var window = new TextWindow(1, 10, 32_000);
        await window.ReadAsync(endless, TestContext.Current.CancellationToken);

        Assert.Equal((10, null), (window.LastLine, window.TotalLines));
        Assert.False(window.AtEnd);
    }

    private static async Task<TextWindow> ReadAsync(byte[] bytes, int first, int count, int chunk = 1 << 16)
    {
        using var stream = new Repeating(bytes, 1, chunk);
        var window = new TextWindow(first, count, 32_000);
        await window.ReadAsync(stream, TestContext.Current.CancellationToken);
        return window;
    }

    /// <summary>Yields the same bytes again and again, in chunks as a network would.</summary>
    private sealed class Repeating(byte[] bytes, int times, int chunk = 1 << 16) : MemoryStream(bytes)
    {
        private int left = times;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position == Length && --left > 0) Position = 0;
            return base.ReadAsync(buffer[..Math.Min(chunk, buffer.Length)], cancellationToken);
        }
    }
}
