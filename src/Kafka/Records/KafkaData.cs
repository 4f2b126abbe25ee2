using System.Text;

namespace FastStream;

/// <summary>A key, a value or a header's value to be written: a text, a string or an array of bytes; null by default.</summary>
/// <remarks>Made by conversion: <c>new KafkaMessage(record.Key, "done")</c>. A <see cref="Utf8Text"/> in it ends with its batch.</remarks>
public readonly struct KafkaData
{
    private readonly object? _given;   // a string or an array; null where it is a text or null
    private readonly Utf8Text _text;
    private readonly bool _isText;

    private KafkaData(object? given) => _given = given;

    private KafkaData(Utf8Text text)
    {
        _text = text;
        _isText = true;
    }

    /// <summary>No bytes at all: a key that is not there, a tombstone.</summary>
    public static KafkaData Null => default;

    /// <summary>Whether there are no bytes at all; an empty text is something.</summary>
    public bool IsNull => !_isText && _given is null;

    /// <summary>The bytes, a string's in UTF-8; null for null.</summary>
    public byte[]? ToArray() => _isText ? _text.ToArray() : _given is string text ? Encoding.UTF8.GetBytes(text) : (byte[]?)_given;

    /// <summary>A text over received bytes.</summary>
    public static KafkaData FromUtf8Text(Utf8Text text) => new(text);

    /// <summary>A string, written in UTF-8; null for null.</summary>
    public static KafkaData FromString(string? text) => new(text);

    /// <summary>Bytes, which must not change any more; null for null.</summary>
    public static KafkaData FromByteArray(byte[]? bytes) => new(bytes);

    /// <summary>A text over received bytes.</summary>
    public static implicit operator KafkaData(Utf8Text text) => new(text);

    /// <summary>A string, written in UTF-8; null for null.</summary>
    public static implicit operator KafkaData(string? text) => new(text);

    /// <summary>Bytes, which must not change any more; null for null.</summary>
    public static implicit operator KafkaData(byte[]? bytes) => new(bytes);
}
