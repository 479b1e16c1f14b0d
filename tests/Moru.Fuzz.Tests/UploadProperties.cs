using System.Diagnostics;
using System.Text;
using CsCheck;
using Microsoft.AspNetCore.Http;
using Moru.Envd;
using Moru.Protocol;

namespace Moru.Fuzz.Tests;

public sealed class UploadProperties : IDisposable
{
    // Deeper than any name below climbs, so that a name cannot leave the directory of the test.
    private const string Home = "1/2/3/4/5/6/7/8/9";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    // A slash follows a letter or a dot only: no name made of these is absolute.
    private static readonly Gen<string> Name =
        Gen.OneOf("a", "b/", "../", "./", "..", ".", "é", " ", "%22", "%2e", "~", ";", "=", "\\", "\t").Array[0, 7].Select(string.Concat);

    private static readonly Gen<string> Disposition = Gen.Select(Gen.OneOf("form-data", "attachment", "", "form-data;"), Gen.OneOf("file", "other", "\"file\"", "'file'", ""),
        Gen.OneOf("; filename=\"{0}\"", "; filename={0}", "; filename*=UTF-8''{0}", "; filename*=utf-8'en'{0}; filename=\"b\"", ""), Name,
        (kind, part, form, name) => $"Content-Disposition: {kind}; name={part}{form.Replace("{0}", name, StringComparison.Ordinal)}\r\n");

    private static readonly Gen<byte[]> Part = Gen.Select(Disposition, Gen.OneOf("", "Content-Type: text/plain\r\n", "X: y\r\n"), Gen.OneOf("\r\n", "\n", ""), Bytes.Any,
        (disposition, header, end, body) => (byte[])[.. "--B\r\n"u8, .. Encoding.UTF8.GetBytes(disposition + header + end), .. body, .. "\r\n"u8]);

    private static readonly Gen<byte[]> Body = Gen.Select(Part.Array[0, 3], Gen.OneOf("--B--\r\n", "--B--", "--B", "", "--B\r\n"),
        (parts, end) => (byte[])[.. parts.SelectMany(part => part), .. Encoding.UTF8.GetBytes(end)]);

    private static readonly Gen<byte[]> Soup = Bytes.Soup(
        "--", "B", "--B\r\n", "--B--", "\r\n", "\r\n\r\n", ":", ";", "Content-Disposition: form-data; name=\"file\"", "; filename=\"a\"", "; filename*=UTF-8''%2Fetc%2Fx", "\"", "x");

    private static readonly Gen<string> Type = Gen.Frequency(
        (8, Gen.Const("multipart/form-data; boundary=B")),
        (1, Gen.OneOf("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"B\"", "multipart/mixed; boundary=B", "text/plain", "")),
        (1, Gen.String.AlphaNumeric.Select(boundary => $"multipart/form-data; boundary={boundary}{new string('x', 80)}")));

    private readonly TemporaryDirectory root = new();
    private readonly ThreadLocal<DirectoryInfo> directories;

    public UploadProperties() => directories = new(() => Directory.CreateDirectory(Path.Combine(root.Path, $"{Environment.CurrentManagedThreadId}", Home)));

    public void Dispose()
    {
        directories.Dispose();
        root.Dispose();
    }

    [Fact]
    public void An_upload_with_a_path_writes_there_and_nowhere_else() =>
        Gen.Select(Type, Gen.OneOf(Body, Body.Broken(), Soup), Gen.OneOf(1, 7, 80, 4096)).Holds(input =>
        {
            var (type, body, pace) = input;
            var home = directories.Value!;
            var target = Path.Combine(home.FullName, "sub/target");

            Receive(home.FullName, target, type, body, pace);

            Assert.DoesNotContain(home.EnumerateFiles("*", SearchOption.AllDirectories), file => file.FullName != target);
            if (File.Exists(target)) File.Delete(target);
        });

    [Fact]
    public void An_upload_without_a_path_stays_below_where_its_names_lead() =>
        Gen.Select(Body, Gen.OneOf(7, 80, 4096)).Holds(input =>
        {
            var (body, pace) = input;
            var written = Receive(directories.Value!.FullName, null, "multipart/form-data; boundary=B", body, pace);

            foreach (var file in written)
            {
                Assert.StartsWith(root.Path + "/", file.Path, StringComparison.Ordinal);
                Assert.True(File.Exists(file.Path));
                File.Delete(file.Path);
            }
        });

    private static IReadOnlyList<WrittenFile> Receive(string home, string? path, string type, byte[] body, int pace)
    {
        var started = Stopwatch.GetTimestamp();
        var written = ReceiveOrRefuse(home, path, type, body, pace);
        if (Stopwatch.GetElapsedTime(started) < Patience) return written;

        // A busy machine may stall any one of a million; what hangs does so again.
        started = Stopwatch.GetTimestamp();
        written = ReceiveOrRefuse(home, path, type, body, pace);
        Assert.True(Stopwatch.GetElapsedTime(started) < Patience, "an upload hangs");
        return written;
    }

    private static IReadOnlyList<WrittenFile> ReceiveOrRefuse(string home, string? path, string type, byte[] body, int pace)
    {
        var status = FileStatus.Of(home)!.Value;
        var owner = Environment.IsPrivilegedProcess ? new User("user", 1000, 1000, home, [1000]) : new User("user", status.Uid, status.Gid, home, [status.Gid]);
        var request = new DefaultHttpContext().Request;
        (request.ContentType, request.Body) = (type, new SlowStream(body, pace));
        try
        {
            return new Upload(owner, path, null).ReceiveAsync(request, CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (ConnectException)
        {
            return [];
        }
    }

    /// <summary>A body that comes a few bytes at a time.</summary>
    private sealed class SlowStream(byte[] bytes, int pace) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(pace, buffer.Length)]);

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(pace, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(pace, buffer.Length)], cancellationToken);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            base.ReadAsync(buffer, offset, Math.Min(pace, count), cancellationToken);
    }
}
