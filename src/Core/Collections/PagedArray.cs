using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace FastStream.Runtime;

/// <summary>
/// Zeroed memory for a growing number of records, in chunks of a huge page or more: existing records do not move when
/// it grows.
/// </summary>
/// <remarks>Only the first chunk grows by copying, up to the size of the others. Not thread safe.</remarks>
internal sealed unsafe class PagedArray<T> : IDisposable
{
    private const int SmallestLength = 8;
    private const int ChunkBytes = 2 << 20;
    private const int CacheLineBytes = 64;

    private static readonly int ChunkLength =
        (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(SmallestLength, ChunkBytes / Unsafe.SizeOf<T>()));
    private static readonly int Shift = BitOperations.Log2((uint)ChunkLength);

    private AlignedBuffer<T>[] _chunks = [new(SmallestLength)];
    private nint[] _addresses;   // addresses of the chunks, if they are native

    public PagedArray() => _addresses = AddressesOf(_chunks);

    /// <summary>Number of records for which there is room.</summary>
    public int Length { get; private set; } = SmallestLength;

    public ref T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref GetCursor()[index];
    }

    /// <summary>
    /// A cursor over the records for loops, which keeps their addresses in registers. Invalid once the array grows.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Records GetCursor() => new(_chunks, _addresses);

    /// <summary>Makes room for more.</summary>
    public void Grow()
    {
        if (Length < ChunkLength)
        {
            using AlignedBuffer<T> old = _chunks[0];
            var larger = new AlignedBuffer<T>(Length * 2);
            old.CopyTo(larger);
            _chunks[0] = larger;
            Length *= 2;
        }
        else
        {
            _chunks = [.. _chunks, new AlignedBuffer<T>(ChunkLength)];
            Length = checked(Length + ChunkLength);
        }

        _addresses = AddressesOf(_chunks);
    }

    public void Dispose()
    {
        foreach (AlignedBuffer<T> chunk in _chunks)
        {
            chunk.Dispose();
        }
    }

    private static nint[] AddressesOf(AlignedBuffer<T>[] chunks) =>
        RuntimeHelpers.IsReferenceOrContainsReferences<T>() ? [] : [.. chunks.Select(chunk => (nint)Unsafe.AsPointer(ref chunk[0]))];

    /// <summary>See <see cref="GetCursor"/>.</summary>
    public readonly ref struct Records(AlignedBuffer<T>[] chunks, nint[] addresses)
    {
        private readonly ReadOnlySpan<AlignedBuffer<T>> _chunks = chunks;
        private readonly ReadOnlySpan<nint> _addresses = addresses;

        public ref T this[int index]
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => ref RuntimeHelpers.IsReferenceOrContainsReferences<T>()
                ? ref _chunks[index >> Shift][(uint)(index & (ChunkLength - 1))]
                : ref Unsafe.Add(ref Unsafe.AsRef<T>((void*)_addresses[index >> Shift]), (nint)(uint)(index & (ChunkLength - 1)));
        }

        /// <summary>Prefetches a record.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Prefetch(int index)
        {
            if (Sse.IsSupported)
            {
                ref byte record = ref Unsafe.As<T, byte>(ref this[index]);
                Sse.Prefetch0(Unsafe.AsPointer(ref record));
                if (RuntimeHelpers.IsReferenceOrContainsReferences<T>() || CacheLineBytes % Unsafe.SizeOf<T>() != 0)
                {
                    // The record may end in the next cache line.
                    Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref record, Unsafe.SizeOf<T>() - 1)));
                }
            }
        }
    }
}
