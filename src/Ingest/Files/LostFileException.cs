using System.Globalization;

namespace FastStream;

/// <summary>
/// A file of a batch is gone, has changed, or is not what the source can read. <see cref="LostFilePolicy"/> decides
/// what happens.
/// </summary>
/// <param name="message">Names the file.</param>
/// <param name="inner">The cause; null where there is no other.</param>
internal sealed class LostFileException(string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>Makes an exception for a file that has fewer bytes than its batch expects.</summary>
    public static LostFileException Shortened(string path, long at, int wanted, int found) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"{path} was shortened while it was read; {wanted} bytes were expected at byte {at}, {found} were there. Move "
            + $"files into the directory whole, and do not change them afterwards."));
}
