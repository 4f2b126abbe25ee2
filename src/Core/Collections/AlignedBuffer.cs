using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace FastStream.Runtime;

/// <summary>
/// Zeroed memory for table slots. For slots without object references, it is aligned to cache lines and, from 2 MiB up,
/// backed by huge pages if the kernel agrees; for others, it is an ordinary array.
/// </summary>
/// <remarks>
/// A 32-byte slot in an array would cross a cache line half of the time, and random probes into many 4 KiB pages miss
/// the processor's TLB: docs/decisions/0003-key-table.md has the gain of each. On systems without madvise, the memory
/// is only aligned.
/// <para>
/// The garbage collector does not know of the memory (no memory pressure): every table frees its memory itself, and
/// pressure made the collector scan the whole heap about ten times for every 512 MiB of table, in jobs with nothing to
/// collect. The finalizer is for tables of contexts that were not disposed of.
/// </para>
/// </remarks>
internal sealed unsafe class AlignedBuffer<TSlot> : IDisposable
{
    private const nuint CacheLineBytes = 64;
    private const nuint HugePageBytes = 2 << 20;

    private readonly TSlot[]? _array;   // for slots with references
    private readonly byte* _native;     // for slots without references
    private readonly nuint _sizeBytes;
    private bool _disposed;

    public AlignedBuffer(int length)
    {
        Length = length;
        if (RuntimeHelpers.IsReferenceOrContainsReferences<TSlot>())
        {
            _array = new TSlot[length];
            return;
        }

        _sizeBytes = (nuint)length * (nuint)Unsafe.SizeOf<TSlot>();
        bool huge = _sizeBytes >= HugePageBytes;
        nuint alignment = huge ? HugePageBytes : CacheLineBytes;
        _native = (byte*)NativeMemory.AlignedAlloc(_sizeBytes, alignment);
        if (huge && OperatingSystem.IsLinux())
        {
            // Only advice: if the kernel refuses, small pages are used.
            _ = LinuxMemory.Advise(_native, _sizeBytes, LinuxMemory.HugePages);
        }

        NativeMemory.Clear(_native, _sizeBytes);
    }

    ~AlignedBuffer() => Free();

    public int Length { get; }

    public ref TSlot this[uint index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref RuntimeHelpers.IsReferenceOrContainsReferences<TSlot>()
            ? ref _array![index]
            : ref Unsafe.Add(ref Unsafe.AsRef<TSlot>(_native), index);
    }

    /// <summary>
    /// Prepares the look-up of many keys in a table with these slots, whose number is a power of two: hashes the keys
    /// and prefetches their slots, so that the cache misses overlap.
    /// </summary>
    /// <param name="items">The records, at most as many as a span holds.</param>
    /// <param name="hashes">Receives the keys' hashes.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Prepare<TItem, TKey, TKeyOf>(ReadOnlySpan<TItem> items, Span<uint> hashes)
        where TKeyOf : struct, IKeyOf<TItem, TKey>
    {
        ref TSlot first = ref this[0];
        uint mask = (uint)Length - 1;
        if (typeof(TKey) == typeof(Utf8Text))
        {
            // All keys as short texts first, in a loop without a call; the long ones, if any, again.
            bool anyLong = false;
            for (int i = 0; i < items.Length && i < hashes.Length; i++)
            {
                ref readonly Utf8Text text = ref Unsafe.As<TKey, Utf8Text>(ref Unsafe.AsRef(in TKeyOf.Of(in items[i])));
                uint hash = text.HashAsShort();
                hashes[i] = hash;
                anyLong |= text.IsLong;
                Prefetch(ref Unsafe.Add(ref first, hash & mask));
            }

            if (!anyLong)
            {
                return;
            }
        }

        for (int i = 0; i < items.Length && i < hashes.Length; i++)
        {
            uint hash = KeyHash.Of(in TKeyOf.Of(in items[i]));
            hashes[i] = hash;
            Prefetch(ref Unsafe.Add(ref first, hash & mask));
        }
    }

    /// <summary>Prefetches a slot.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(uint index) => Prefetch(ref this[index]);

    /// <summary>The first slots.</summary>
    public Span<TSlot> First(int count) => MemoryMarshal.CreateSpan(ref this[0], count);

    public void Zero()
    {
        if (_array is not null)
        {
            Array.Clear(_array);
        }
        else
        {
            NativeMemory.Clear(_native, _sizeBytes);
        }
    }

    /// <summary>Copies all slots to the start of a larger buffer.</summary>
    public void CopyTo(AlignedBuffer<TSlot> larger)
    {
        if (_array is not null)
        {
            _array.CopyTo(larger._array!, 0);
        }
        else
        {
            Buffer.MemoryCopy(_native, larger._native, larger._sizeBytes, _sizeBytes);
        }
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(ref TSlot slot)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref slot));
        }
    }

    private void Free()
    {
        if (!_disposed && _native is not null)
        {
            NativeMemory.AlignedFree(_native);
        }

        _disposed = true;
    }
}
