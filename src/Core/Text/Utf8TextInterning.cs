using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>Texts that live as long as the process, each stored once.</summary>
internal static unsafe class Utf8TextInterning
{
    private static readonly ConcurrentDictionary<Utf8Text, byte[]> Texts = new();

    public static Utf8Text Intern(ReadOnlySpan<byte> bytes)
    {
        if (Utf8Text.TryCreateInline(bytes, out Utf8Text inline))
        {
            return inline;
        }

        fixed (byte* start = bytes)
        {
            if (Texts.TryGetValue(Utf8Text.FromExact(start, bytes.Length), out byte[]? known))
            {
                return OverPinned(known);
            }
        }

        byte[] copy = GC.AllocateUninitializedArray<byte>(bytes.Length, pinned: true);
        bytes.CopyTo(copy);

        // The dictionary's key points into its own value, which keeps the bytes alive; of two racing copies, the first
        // stays.
        return OverPinned(Texts.GetOrAdd(OverPinned(copy), copy));
    }

    private static Utf8Text OverPinned(byte[] pinned) => Utf8Text.FromExact((byte*)Unsafe.AsPointer(ref pinned[0]), pinned.Length);
}
