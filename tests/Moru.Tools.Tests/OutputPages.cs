using System.Text;

namespace Moru.Tools.Tests;

/// <summary>Output read piece by piece, as it is cut between calls.</summary>
public sealed class OutputPages
{
    private static readonly byte[] Text = Encoding.UTF8.GetBytes("naïve ✓ 😀 end");

    [Fact]
    public void A_character_that_is_written_in_part_is_shown_once_and_whole()
    {
        for (var written = 0; written <= Text.Length; written++)
        {
            var begin = new StreamWindows(0, Text[..written], [], written, Growing: true).Page(100);
            var rest = new StreamWindows(begin.End, Text[(int)begin.End..], [], Text.Length).Page(100);
            Assert.Equal("naïve ✓ 😀 end", begin.Text + rest.Text);

            var whole = new StreamWindows(0, Text[..written], [], written, Growing: true).Ends(100);
            Assert.Equal((begin.Text, begin.End), (whole.Text, whole.End));
        }
    }

    [Fact]
    public void A_page_that_ends_within_a_character_leaves_it_to_the_next()
    {
        for (var window = 4; window < Text.Length; window++)
        {
            var (all, at) = ("", 0L);
            while (at < Text.Length)
            {
                var page = new StreamWindows(at, Text[(int)at..Math.Min(Text.Length, (int)at + window)], [], Text.Length).Page(window);
                (all, at) = (all + page.Text, page.End);
            }

            Assert.Equal("naïve ✓ 😀 end", all);
        }
    }

    [Fact]
    public void What_came_while_the_size_was_told_is_left_to_the_next_call()
    {
        var early = new StreamWindows(0, Text, [], 4, Growing: true).Ends(100);

        Assert.Equal(("naï", 4L), (early.Text, early.End));
    }

    [Fact]
    public void Bytes_that_are_no_character_are_shown_when_nothing_follows() =>
        Assert.Equal("a\uFFFD", new StreamWindows(0, [(byte)'a', 0xC3], [], 2).Page(100).Text);
}
