using System.Globalization;

namespace FastStream;

/// <summary>
/// A file that a batch is made of is gone, is not as it was, or cannot be read for what it is: <see
/// cref="LostFilePolicy"/> says what is done.
/// </summary>
/// <param name="message">Names the file.</param>
/// <param name="inner">The cause; null where there is no other.</param>
internal sealed class LostFileException(string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>A file that has fewer bytes than were planned.</summary>
    public static LostFileException Shortened(string path, long at, int wanted, int found) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"{path} was shortened while it was read; {wanted} bytes were expected at byte {at}, {found} were there. Move "
            + $"files into the directory whole, and do not change them afterwards."));
}
