using System.Reflection;
using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// The hash of a struct by its fields, with a secret: nobody can choose keys made of numbers that share a slot,
/// whatever their own <c>GetHashCode</c> does.
/// </summary>
/// <remarks>
/// It applies only to structs that are compared by their fields: tuples, pairs, nullables, record structs with the
/// compiler's equality, structs without an <c>Equals</c> of their own, and the framework's plain structs. Every other
/// struct, every struct that contains a class or an array, and, in code compiled ahead of time, every struct that is
/// not plain as a whole, is hashed by its own <c>GetHashCode</c>, mixed with the secrets. That spreads keys over slots
/// and partitions, but keys whose own hash codes collide still collide.
/// </remarks>
/// <typeparam name="TKey">The key.</typeparam>
internal static class KeyFields<TKey>
{
    private static readonly KeyField[] Fields = Find();

    /// <summary>Whether the key is hashed by its fields. A constant once the code is optimized.</summary>
    public static readonly bool AreKnown = Fields.Length > 0;

    public static uint Hash<TMixer>(in TKey key, in TMixer mixer)
        where TMixer : struct, IKeyMixer
    {
        ref byte start = ref Unsafe.As<TKey, byte>(ref Unsafe.AsRef(in key));
        KeyField[] fields = Fields;
        ulong first = fields[0].WordAt(ref start, in mixer);
        if (fields.Length == 1)
        {
            return mixer.Fold(first, 0);
        }

        ulong second = fields[1].WordAt(ref start, in mixer);
        for (int i = 2; i < fields.Length; i++)
        {
            first = mixer.Mix(first ^ (ulong)i, second);
            second = fields[i].WordAt(ref start, in mixer);
        }

        return mixer.Fold(first, second);
    }

    private static KeyField[] Find()
    {
        if (!typeof(TKey).IsValueType)
        {
            return [];
        }

        var fields = new List<KeyField>();
        return TryAdd(typeof(TKey), [], fields) ? [.. fields] : [];
    }

    private static bool TryAdd(Type type, IReadOnlyList<FieldInfo> path, List<KeyField> fields)
    {
        Type plain = type.IsEnum ? type.GetEnumUnderlyingType() : type;
        if (KeyField.KindsOf(plain) is { Length: > 0 } kinds)
        {
            int offset = FieldOffsets<TKey>.Of(type, path);
            if (offset < 0)
            {
                return false;
            }

            fields.AddRange(kinds.Select(kind => new KeyField(offset + kind.Offset, kind.Kind)));
            return true;
        }

        // Ahead-of-time compilation leaves no metadata of fields: a key is plain as a whole, or not examined.
        if (!RuntimeFeature.IsDynamicCodeSupported || !KeyEquality.IsByFields(type))
        {
            return false;
        }

        foreach (FieldInfo field in KeyEquality.FieldsOf(type))
        {
            if (!TryAdd(field.FieldType, [.. path, field], fields))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>A part of a key, hashed as one word.</summary>
internal readonly record struct KeyField(int Offset, KeyFieldKind Kind)
{
    /// <summary>The word; equal for equal fields.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong WordAt<TMixer>(ref byte start, in TMixer mixer)
        where TMixer : struct, IKeyMixer
    {
        ref byte field = ref Unsafe.AddByteOffset(ref start, Offset);
        return Kind switch
        {
            KeyFieldKind.Bytes8 => Unsafe.ReadUnaligned<ulong>(ref field),
            KeyFieldKind.Bytes4 => Unsafe.ReadUnaligned<uint>(ref field),
            KeyFieldKind.Bytes2 => Unsafe.ReadUnaligned<ushort>(ref field),
            KeyFieldKind.Byte => field,
            _ => Other(Kind, ref field, in mixer),
        };
    }

    /// <summary>The parts of a plain type; none for other types.</summary>
    public static (int Offset, KeyFieldKind Kind)[] KindsOf(Type type)
    {
        if (type == typeof(double)) return [(0, KeyFieldKind.Double)];
        if (type == typeof(float)) return [(0, KeyFieldKind.Single)];
        if (type == typeof(Half)) return [(0, KeyFieldKind.Half)];
        if (type == typeof(decimal)) return [(0, KeyFieldKind.Decimal)];
        if (type == typeof(DateTime)) return [(0, KeyFieldKind.DateTime)];
        if (type == typeof(DateTimeOffset)) return [(0, KeyFieldKind.DateTimeOffset)];
        if (type == typeof(Utf8Text)) return [(0, KeyFieldKind.Text)];
        if (type == typeof(string)) return [(0, KeyFieldKind.String)];
        if (type == typeof(Guid) || type == typeof(Int128)
            || type == typeof(UInt128)) return [(0, KeyFieldKind.Bytes8), (8, KeyFieldKind.Bytes8)];
        if (type == typeof(TimeSpan) || type == typeof(TimeOnly) || type == typeof(BatchTime)) return [(0, KeyFieldKind.Bytes8)];
        if (type == typeof(DateOnly) || type == typeof(System.Text.Rune)) return [(0, KeyFieldKind.Bytes4)];
        if (!type.IsPrimitive) return [];
        return RuntimeHelpers.SizeOf(type.TypeHandle) switch
        {
            8 => [(0, KeyFieldKind.Bytes8)],
            4 => [(0, KeyFieldKind.Bytes4)],
            2 => [(0, KeyFieldKind.Bytes2)],
            _ => [(0, KeyFieldKind.Byte)],
        };
    }

    // Values that are equal although their bytes differ: both zeros, all NaNs, 1.0 and 1.00, one instant with two
    // offsets.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Other<TMixer>(KeyFieldKind kind, ref byte field, in TMixer mixer)
        where TMixer : struct, IKeyMixer => kind switch
    {
        KeyFieldKind.Double => Of(Unsafe.ReadUnaligned<double>(ref field)),
        KeyFieldKind.Single => Of(Unsafe.ReadUnaligned<float>(ref field)),
        KeyFieldKind.Half => Of((double)Unsafe.ReadUnaligned<Half>(ref field)),
        KeyFieldKind.Decimal => Of(Unsafe.ReadUnaligned<decimal>(ref field), in mixer),
        KeyFieldKind.DateTime => (ulong)Unsafe.ReadUnaligned<DateTime>(ref field).Ticks,
        KeyFieldKind.DateTimeOffset => (ulong)Unsafe.ReadUnaligned<DateTimeOffset>(ref field).UtcTicks,
        KeyFieldKind.Text => Unsafe.As<byte, Utf8Text>(ref field).Hash(in mixer),
        _ => Unsafe.As<byte, string?>(ref field) is { } text ? mixer.OfString(text) : ulong.MaxValue,
    };

    private static ulong Of(double value) => value == 0 ? 0 : double.IsNaN(value) ? ulong.MaxValue : BitConverter.DoubleToUInt64Bits(value);

    // Dividing by 1 with the most decimal places removes trailing zeros.
    private static ulong Of<TMixer>(decimal value, in TMixer mixer)
        where TMixer : struct, IKeyMixer
    {
        if (value == 0)
        {
            return 0;
        }

        Span<int> bits = stackalloc int[4];
        _ = decimal.GetBits(value / 1.0000000000000000000000000000m, bits);
        return mixer.Mix((uint)bits[0] | ((ulong)(uint)bits[1] << 32), (uint)bits[2] | ((ulong)(uint)bits[3] << 32));
    }
}

/// <summary>How a part of a key is converted to a word.</summary>
internal enum KeyFieldKind
{
    Bytes8,
    Bytes4,
    Bytes2,
    Byte,
    Double,
    Single,
    Half,
    Decimal,
    DateTime,
    DateTimeOffset,
    Text,
    String,
}
