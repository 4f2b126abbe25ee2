using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FastStream;

/// <summary>Structs without references: their bytes as they lie in memory, and the bytes of their texts behind them.</summary>
internal sealed class RawSerializer<T> : IRecordSerializer<T>
{
    public string Schema { get; } = $"raw {RecordFields.Layout(typeof(T))} of {Unsafe.SizeOf<T>()} bytes";

    public void Write(in T record, IBufferWriter<byte> output)
    {
        ref T place = ref Unsafe.AsRef(in record);
        output.Write(BytesOf(ref place));
        foreach (int offset in RecordTexts<T>.Places)
        {
            ref Utf8Text text = ref RecordTexts<T>.TextIn(ref place, offset);
            if (text.IsLong)
            {
                output.Write(text.LongSpan);
            }
        }
    }

    /// <summary>Reads a record. Its long texts lie in the bytes given, which must be pinned and stay until the texts were copied.</summary>
    public T Read(ref ReadOnlySpan<byte> bytes)
    {
        int size = Unsafe.SizeOf<T>();
        ThrowIfShorter(bytes, size);
        T record = default!;
        bytes[..size].CopyTo(BytesOf(ref record));
        bytes = bytes[size..];
        foreach (int offset in RecordTexts<T>.Places)
        {
            ref Utf8Text text = ref RecordTexts<T>.TextIn(ref record, offset);
            if (text.IsLong)
            {
                ThrowIfShorter(bytes, text.Length);
                ReadOnlySpan<byte> content = bytes[..text.Length];
                bytes = bytes[text.Length..];
                text = Utf8Text.OverPinned(content);
            }
        }

        return record;
    }

    // As unmanaged memory: there are no references in it, which T's constraint cannot say.
    private static Span<byte> BytesOf(ref T record) => MemoryMarshal.CreateSpan(ref Unsafe.As<T, byte>(ref record), Unsafe.SizeOf<T>());

    private static void ThrowIfShorter(ReadOnlySpan<byte> bytes, int needed)
    {
        if (needed < 0 || bytes.Length < needed)
        {
            throw new InvalidDataException($"A {typeof(T)} ends behind its data: {needed} bytes are expected, {bytes.Length} are left.");
        }
    }
}
