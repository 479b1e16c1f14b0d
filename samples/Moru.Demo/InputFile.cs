using System.Text;

namespace Moru.Demo;

/// <summary>Something the user can mend went wrong.</summary>
internal sealed class DemoException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A text file to analyse.</summary>
internal sealed record InputFile(string Name, string Text, long SizeBytes)
{
    // The content travels as the argument of one tool call.
    private const int MaxBytes = 5_000_000;

    public static InputFile Read(string path)
    {
        try
        {
            var size = new FileInfo(path).Length;
            if (size > MaxBytes) throw new DemoException($"{path} has {size:N0} bytes; the demo takes at most {MaxBytes:N0}. Try a part of it: head -c {MaxBytes} FILE > part.csv");
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(path));
            return text.Contains('\0', StringComparison.Ordinal)
                ? throw new DemoException($"{path} is a binary file; the demo takes CSV text.")
                : new InputFile(Path.GetFileName(path), text, size);
        }
        catch (DecoderFallbackException error)
        {
            throw new DemoException($"{path} is not UTF-8 text: the byte at offset {error.Index} does not fit. The demo takes CSV text.", error);
        }
        catch (FileNotFoundException error)
        {
            throw new DemoException(Directory.Exists(path) ? $"{path} is a directory; name a CSV file in it." : $"There is no file {path}.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DemoException($"{path} cannot be read: {error.Message}", error);
        }
    }
}
