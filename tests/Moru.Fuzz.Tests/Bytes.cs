using System.Buffers;
using System.Text;
using CsCheck;

namespace Moru.Fuzz.Tests;

/// <summary>Bytes, whole and broken.</summary>
internal static class Bytes
{
    public static readonly Gen<byte[]> Any = Gen.Byte.Array[0, 64];

    /// <summary>Pieces of a language one after the other, in no order it knows.</summary>
    public static Gen<byte[]> Soup(params string[] pieces) =>
        Gen.Frequency((9, Gen.OneOf(Array.ConvertAll(pieces, Encoding.UTF8.GetBytes))), (1, Gen.Byte.Array[1, 3]))
            .Array[0, 40].Select(parts => parts.SelectMany(part => part).ToArray());

    /// <summary>The same with a few bytes changed, lost, added or repeated.</summary>
    public static Gen<byte[]> Broken(this Gen<byte[]> whole) =>
        Gen.Select(whole, Gen.Select(Gen.Int[0, 4], Gen.UInt, Gen.UInt, Gen.Byte).Array[0, 4], (bytes, changes) =>
        {
            var list = bytes.ToList();
            foreach (var (kind, at, length, value) in changes)
            {
                var index = (int)(at % (list.Count + 1));
                var count = (int)(length % (list.Count - index + 1));
                if (kind == 0 && index < list.Count) list[index] = value;
                if (kind == 1) list.Insert(index, value);
                if (kind == 2) list.RemoveRange(index, count);
                if (kind == 3) list.InsertRange(index, list.GetRange(index, count));
                if (kind == 4 && index < list.Count) list[index] ^= (byte)(1 << (value % 8));
            }

            return list.ToArray();
        });

    /// <summary>The same bytes in several segments, empty ones among them.</summary>
    public static ReadOnlySequence<byte> Cut(this byte[] bytes, int[] cuts)
    {
        var places = cuts.Select(cut => cut % (bytes.Length + 1)).Order().Append(bytes.Length);
        var first = new Segment(default, 0);
        var (last, at) = (first, 0);
        foreach (var place in places)
        {
            last = last.Append(bytes.AsMemory(at, place - at));
            at = place;
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
