using System.Text;

namespace Moru.Sdk.Tests;

public sealed class OutputBuffers
{
    [Theory]
    [InlineData("short", 100)]
    [InlineData("exactly ten", 11)]
    [InlineData("", 10)]
    public void Text_within_the_limit_is_kept_whole(string text, int limit)
    {
        var buffer = Filled(text, limit, chunk: 3);

        Assert.Equal((text, 0), (buffer.ToString(), buffer.Dropped));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(1000)]
    public void Of_longer_text_both_ends_are_kept_however_it_arrives(int chunk)
    {
        var text = string.Concat(Enumerable.Range(0, 100).Select(n => $"{n:00}"));

        var buffer = Filled(text, limit: 20, chunk);

        Assert.Equal(180, buffer.Dropped);
        Assert.Equal("0001020304\n[... 180 characters cut ...]\n9596979899", buffer.ToString());
    }

    [Fact]
    public void Characters_split_between_chunks_are_decoded_whole()
    {
        Assert.Equal("é🌍é", Filled("é🌍é", 100, chunk: 1).ToString());
    }

    [Fact]
    public void Bytes_that_are_no_text_are_replaced()
    {
        var buffer = new OutputBuffer(100);
        buffer.Append([0x41, 0xff, 0x42, 0xe2, 0x82]);
        buffer.Append([], flush: true);

        Assert.Equal("A\ufffdB\ufffd", buffer.ToString());
    }

    private static OutputBuffer Filled(string text, int limit, int chunk)
    {
        var buffer = new OutputBuffer(limit);
        foreach (var part in Encoding.UTF8.GetBytes(text).Chunk(chunk)) buffer.Append(part);
        buffer.Append([], flush: true);
        return buffer;
    }
}
