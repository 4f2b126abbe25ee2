namespace FastStream.Samples.FromSpark;

/// <summary>A page that a user looked at.</summary>
public readonly record struct PageView(Utf8Text Url, int Status, int ZipCode, int User)
{
    public static PageView Parse(Utf8Text line) =>
        line.TryField((byte)'\t', 0, out Utf8Text url)
        && line.TryField((byte)'\t', 1, out Utf8Text status) && status.TryParse(out int statusCode)
        && line.TryField((byte)'\t', 2, out Utf8Text zip) && zip.TryParse(out int zipCode)
        && line.TryField((byte)'\t', 3, out Utf8Text user) && user.TryParse(out int userId)
            ? new PageView(url, statusCode, zipCode, userId)
            : throw new FormatException($"'{line}' is no page view; URL, status, zip code and user are expected, with tabs between.");
}
