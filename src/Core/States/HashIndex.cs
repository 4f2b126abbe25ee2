using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace FastStream;

/// <summary>
/// Finds the keys of a <see cref="KeyedTable{TKey, TValue}"/>: hashes and numbers, in segments that grow one at a time,
/// so that no batch waits for all keys to move.
/// </summary>
/// <remarks>
/// <code>
/// directory: by some bits of the hash | segment | … a segment that has not been split as often as others stands in several places
/// segment:   open addressing | hash | number + 1 | …   linear probing; a removal moves those behind it up
/// </code>
/// A segment doubles until it is as large as a huge page; then it is split by one more bit of the hash (extendible
/// hashing: Fagin, Nievergelt, Pippenger and Strong, 1979). Segments are full at different counts, so that they are not
/// split in the same batch. Not thread safe.
/// </remarks>
internal sealed unsafe class HashIndex : IDisposable
{
    private const int SmallestCapacity = 16;
    private const int LargestCapacity = 1 << 18;   // slots of a segment: 2 MiB
    private const int NearCapacity = 1 << 14;      // 128 KiB
    private const int MostSplits = 12;             // bits of the directory; then segments double again
    private const int DirectoryShift = 32 - MostSplits;

    private Segment[] _segments = [new Segment(SmallestCapacity, splits: 0, index: 0)];   // a power of two
    private Place[] _places;                                                             // places of the same segments, for lookups

    public HashIndex() => _places = PlacesOf(_segments);

    /// <summary>The location of each segment.</summary>
    public ReadOnlySpan<Place> Places => _places;

    /// <summary>The segment of a hash, among the places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Index(uint hash, int places) => (int)(UpperBits(hash) & (uint)(places - 1));

    /// <summary>The segment of a hash.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Place PlaceOf(uint hash) => _places[Index(hash, _places.Length)];

    /// <summary>Adds a number that is not there yet.</summary>
    public void Add(uint hash, int number)
    {
        Segment segment = _segments[Index(hash, _segments.Length)];
        if (segment.Count >= segment.Limit)
        {
            Grow(segment);
            segment = _segments[Index(hash, _segments.Length)];
        }

        segment.Add(new Slot { Hash = hash, NumberPlus1 = number + 1 });
    }

    /// <summary>Removes a number that is present.</summary>
    public void Remove(uint hash, int number) => _segments[Index(hash, _segments.Length)].Remove(hash, number);

    public void Dispose()
    {
        foreach (Segment segment in _segments)
        {
            segment.Dispose();
        }
    }

    // The lower bits give the position of a key in its segment.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint UpperBits(uint hash) => hash >> DirectoryShift;

    private static Place[] PlacesOf(Segment[] segments) => [.. segments.Select(segment => segment.Place)];

    private void Grow(Segment segment)
    {
        if (segment.Capacity < LargestCapacity || segment.Splits == MostSplits)
        {
            segment.Double();
        }
        else
        {
            Split(segment);
        }

        _places = PlacesOf(_segments);
    }

    private void Split(Segment segment)
    {
        if (1 << segment.Splits == _segments.Length)
        {
            _segments = [.. _segments, .. _segments];
        }

        int step = 1 << segment.Splits;
        var lower = new Segment(segment.Capacity, segment.Splits + 1, segment.Index);
        var upper = new Segment(segment.Capacity, segment.Splits + 1, segment.Index + step);
        segment.MoveTo(lower, upper);
        for (int i = segment.Index; i < _segments.Length; i += step)
        {
            _segments[i] = (i & step) == 0 ? lower : upper;
        }

        segment.Dispose();
    }

    /// <summary>A hash and the number of its key, plus 1; 0 if the slot is free.</summary>
    public struct Slot
    {
        public uint Hash;
        public int NumberPlus1;
    }

    /// <summary>The location of a segment.</summary>
    public readonly struct Place(Slot* first, uint mask)
    {
        public readonly Slot* First = first;
        public readonly uint Mask = mask;   // its capacity - 1

        public Slot this[uint index]
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => First[index];
        }

        /// <summary>The number of the first key that has a hash, usually the only one; -1 if none has it.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public int FirstWith(uint hash)
        {
            Slot slot = First[hash & Mask];
            for (uint index = hash & Mask; slot.Hash != hash && slot.NumberPlus1 != 0; slot = First[index])
            {
                index = (index + 1) & Mask;
            }

            return slot.NumberPlus1 - 1;
        }

        /// <summary>Prefetches the slot of a hash.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Prefetch(uint hash)
        {
            if (Sse.IsSupported)
            {
                Sse.Prefetch0(First + (hash & Mask));
            }
        }
    }

    private sealed class Segment : IDisposable
    {
        private AlignedBuffer<Slot> _slots;

        public Segment(int capacity, int splits, int index)
        {
            Splits = splits;
            Index = index;
            _slots = new AlignedBuffer<Slot>(capacity);
            Locate();
        }

        public int Splits { get; }

        public int Index { get; }      // the first in the directory

        public int Count { get; private set; }

        public int Limit { get; private set; }

        public Place Place { get; private set; }

        public int Capacity => _slots.Length;

        public void Add(Slot slot)
        {
            Count++;
            Put(Place, slot);
        }

        public void Remove(uint hash, int number)
        {
            uint mask = Place.Mask;
            uint gap = hash & mask;
            while (Place.First[gap].NumberPlus1 != number + 1)
            {
                gap = (gap + 1) & mask;
            }

            // Slots behind the gap move up, unless that would put them before their home slot: no tombstone is left for
            // lookups to step over.
            for (uint index = (gap + 1) & mask; Place.First[index].NumberPlus1 != 0; index = (index + 1) & mask)
            {
                uint home = Place.First[index].Hash & mask;
                if (((index - home) & mask) >= ((index - gap) & mask))
                {
                    Place.First[gap] = Place.First[index];
                    gap = index;
                }
            }

            Place.First[gap] = default;
            Count--;
        }

        public void Double()
        {
            using AlignedBuffer<Slot> old = _slots;
            _slots = new AlignedBuffer<Slot>(checked(old.Length * 2));
            Locate();
            for (uint i = 0; i < (uint)old.Length; i++)
            {
                if (old[i].NumberPlus1 != 0)
                {
                    Put(Place, old[i]);
                }
            }
        }

        // The half that a key goes to is computed without a branch, which would be mispredicted every second time.
        public void MoveTo(Segment lower, Segment upper)
        {
            Place* halves = stackalloc Place[2] { lower.Place, upper.Place };
            int* counts = stackalloc int[2] { 0, 0 };
            Slot* first = Place.First;
            int capacity = Capacity;
            for (int i = 0; i < capacity; i++)
            {
                if (first[i].NumberPlus1 != 0)
                {
                    uint half = (UpperBits(first[i].Hash) >> Splits) & 1;
                    Put(halves[half], first[i]);
                    counts[half]++;
                }
            }

            lower.Count = counts[0];
            upper.Count = counts[1];
        }

        public void Dispose() => _slots.Dispose();

        // The limit is at most half of the slots; a quarter if they fit in the L2 cache, where what counts is that keys
        // are in their home slots; in the largest segments three eighths to a half, a different count for each.
        private void Locate()
        {
            Place = new Place((Slot*)Unsafe.AsPointer(ref _slots[0]), (uint)_slots.Length - 1);
            uint spread = BitOperations.RotateRight((uint)Index * 0x9E3779B1u, 16) & 0xFFFF;
            Limit = _slots.Length switch
            {
                <= NearCapacity => _slots.Length / 4,
                < LargestCapacity => _slots.Length / 2,
                _ => (_slots.Length / 2) - (int)((_slots.Length / 8L * spread) >> 16),
            };
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Put(Place place, Slot slot)
        {
            uint index = slot.Hash & place.Mask;
            while (place.First[index].NumberPlus1 != 0)
            {
                index = (index + 1) & place.Mask;
            }

            place.First[index] = slot;
        }
    }
}
