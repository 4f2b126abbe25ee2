using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace FastStream;

/// <summary>A value or none: the side of an outer join that may be absent.</summary>
/// <remarks>
/// A value converts to it implicitly; <c>default</c> is none. It prints as its value or as <c>null</c>, and has the
/// same form in JSON.
/// </remarks>
/// <example><code>Optional&lt;long&gt; count = 3; long next = count.GetValueOrDefault() + 1; count = default;</code></example>
/// <typeparam name="T">The value; null is a value like any other.</typeparam>
[DebuggerDisplay("{ToString(),nq}")]
[JsonConverter(typeof(OptionalJsonConverter))]
public readonly struct Optional<T> : IEquatable<Optional<T>>, IOptional
{
    private readonly T _value;

    /// <summary>Makes an optional value that is present.</summary>
    public Optional(T value)
    {
        _value = value;
        HasValue = true;
    }

    /// <summary>No value; the same as <c>default</c>.</summary>
    [SuppressMessage("Design", "CA1000", Justification = "None is read as a word of the type, as in Optional<long>.None.")]
    public static Optional<T> None => default;

    /// <summary>Whether there is a value.</summary>
    public bool HasValue { get; }

    /// <summary>The value.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public T Value =>
        HasValue ? _value
            : throw new InvalidOperationException(
                $"The Optional<{typeof(T).Name}> has no value. Ask HasValue first, or use GetValueOrDefault.");

    /// <summary>The value, or the type's default.</summary>
    public T? GetValueOrDefault() => _value;

    /// <summary>The value, or a given one if there is none.</summary>
    /// <param name="other">Returned if there is no value.</param>
    public T GetValueOrDefault(T other) => HasValue ? _value : other;

    /// <summary>Whether there is a value, and which one.</summary>
    public bool TryGetValue([MaybeNullWhen(false)] out T value)
    {
        value = _value;
        return HasValue;
    }

    /// <summary>Whether both have equal values, or none.</summary>
    public bool Equals(Optional<T> other) => HasValue == other.HasValue && EqualityComparer<T>.Default.Equals(_value, other._value);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Optional<T> other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HasValue ? HashCode.Combine(_value) : 0;

    /// <summary>The value's text as outputs print it, or <c>null</c>.</summary>
    public override string ToString() => HasValue ? RecordText.Of(_value) : "null";

    object? IOptional.ValueOrNull => HasValue ? _value : null;

    JsonConverter IOptional.NewJsonConverter(bool isExact) => new OptionalJsonConverter.Of<T>(isExact);

    /// <summary>Converts a value to an optional one.</summary>
    [SuppressMessage("Usage", "CA2225", Justification = "The constructor is the named way.")]
    public static implicit operator Optional<T>(T value) => new(value);

    /// <summary>Whether both have equal values, or none.</summary>
    public static bool operator ==(Optional<T> left, Optional<T> right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(Optional<T> left, Optional<T> right) => !left.Equals(right);
}
