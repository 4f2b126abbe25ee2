using System.Text;

namespace FastStream;

/// <summary>A key, a value or a header value to write: a text, a string or a byte array; null by default.</summary>
/// <remarks>
/// Values convert implicitly: <c>new KafkaMessage(record.Key, "done")</c>. A <see cref="Utf8Text"/> in it is valid only
/// as long as its batch.
/// </remarks>
public readonly struct KafkaData
{
    private readonly object? _given;   // a string or an array; null for a text and for null
    private readonly Utf8Text _text;
    private readonly bool _isText;

    private KafkaData(object? given) => _given = given;

    private KafkaData(Utf8Text text)
    {
        _text = text;
        _isText = true;
    }

    /// <summary>No bytes at all: a missing key, or a tombstone.</summary>
    public static KafkaData Null => default;

    /// <summary>Whether this is null; an empty text is not.</summary>
    public bool IsNull => !_isText && _given is null;

    /// <summary>Returns the bytes (of a string, in UTF-8); null for null.</summary>
    public byte[]? ToArray() => _isText ? _text.ToArray() : _given is string text ? Encoding.UTF8.GetBytes(text) : (byte[]?)_given;

    /// <summary>A text over received bytes.</summary>
    public static KafkaData FromUtf8Text(Utf8Text text) => new(text);

    /// <summary>A string, written in UTF-8; null for null.</summary>
    public static KafkaData FromString(string? text) => new(text);

    /// <summary>A byte array, which must not change any more; null for null.</summary>
    public static KafkaData FromByteArray(byte[]? bytes) => new(bytes);

    /// <summary>A text over received bytes.</summary>
    public static implicit operator KafkaData(Utf8Text text) => new(text);

    /// <summary>A string, written in UTF-8; null for null.</summary>
    public static implicit operator KafkaData(string? text) => new(text);

    /// <summary>A byte array, which must not change any more; null for null.</summary>
    public static implicit operator KafkaData(byte[]? bytes) => new(bytes);
}
