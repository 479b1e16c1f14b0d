using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace Moru.Server.Tests;

/// <summary>A DNS server whose answers a test may change at any time; what it was asked is kept.</summary>
public sealed class FakeDns
{
    private readonly ConcurrentDictionary<string, IPAddress[]> names = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> questions = new();

    /// <summary>Every name that was asked for.</summary>
    public IReadOnlyCollection<string> Questions => questions;

    public IPAddress[] this[string name]
    {
        set => names[name] = value;
    }

    public byte[]? Answer(byte[] question)
    {
        var (at, labels) = (12, new List<string>());
        while (question[at] != 0)
        {
            labels.Add(Encoding.ASCII.GetString(question, at + 1, question[at]));
            at += question[at] + 1;
        }

        var name = string.Join('.', labels);
        questions.Enqueue(name);
        var isAddress = BinaryPrimitives.ReadUInt16BigEndian(question.AsSpan(at + 1)) == 1;
        var known = names.TryGetValue(name, out var addresses);
        if (!isAddress) addresses = [];
        byte[] head = [question[0], question[1], 0x81, (byte)(known ? 0x80 : 0x83), 0, 1, 0, (byte)(addresses?.Length ?? 0), 0, 0, 0, 0];
        return
        [
            .. head, .. question[12..(at + 5)],
            .. (addresses ?? []).SelectMany(address => (byte[])[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, .. address.GetAddressBytes()]),
        ];
    }
}
