using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FastStream.Bench.Load;

/// <summary>
/// Counts of words of 1 to 12 bytes by open addressing. A slot is 16 bytes, so a probe touches one cache line and the key
/// is compared by two words:
/// <code>
/// | 0 .. 7  first bytes | 8 .. 11  next bytes | 12 .. 15  count |      unused key bytes are 0; count 0 is an empty slot
/// </code>
/// </summary>
internal sealed unsafe class WordTable : IDisposable
{
    /// <summary>The longest word that fits in a slot.</summary>
    public const int MaximumWordBytes = 12;

    /// <summary>The size of a slot.</summary>
    public const int SlotBytes = 16;

    private const int InitialSlotBits = 18;

    private NativeBuffer _slots;
    private int _slotBits;
    private int _wordCount;

    public WordTable()
    {
        _slotBits = InitialSlotBits;
        _slots = new NativeBuffer((nuint)SlotBytes << _slotBits);
    }

    /// <summary>
    /// The first slot, for the caller to prefetch with. It and <see cref="Shift"/> change only in <see cref="CountAll"/>, so
    /// they can be held in locals; a field would be read again after every store through a pointer.
    /// </summary>
    public byte* Slots => _slots.Pointer;

    /// <summary>How far to shift a hash to the right for the index of its slot.</summary>
    public int Shift => 64 - _slotBits;

    /// <summary>
    /// Counts a group of words. <paramref name="keys"/> holds the words' bytes and zeros behind them,
    /// <paramref name="hashes"/> what <see cref="Hash"/> returned.
    /// </summary>
    public void CountAll(Vector128<ulong>* keys, ulong* hashes, int count)
    {
        // Before the group, because then no probe has to look whether there is room: at most half is ever used.
        while ((_wordCount + count) * 2 > 1 << _slotBits)
        {
            Grow();
        }

        var slots = (Slot*)_slots.Pointer;
        int shift = 64 - _slotBits;
        ulong indexMask = (1UL << _slotBits) - 1;
        int wordCount = _wordCount;
        for (int index = 0; index < count; index++)
        {
            ulong first = keys[index].GetElement(0);
            uint next = (uint)keys[index].GetElement(1);
            ulong slotIndex = hashes[index] >> shift;
            while (true)
            {
                Slot* slot = slots + slotIndex;
                if (slot->First == first && slot->Next == next)
                {
                    slot->Count++;
                    break;
                }

                if (slot->Count == 0)
                {
                    *slot = new Slot { First = first, Next = next, Count = 1 };
                    wordCount++;
                    break;
                }

                slotIndex = (slotIndex + 1) & indexMask;
            }
        }

        _wordCount = wordCount;
    }

    /// <summary>The hash of a word's bytes; its top bits are the index of the slot.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Hash(ulong first, ulong next) =>
        (first ^ BitOperations.RotateLeft(next * 0x9E3779B97F4A7C15, 32)) * 0xD6E8FEB86659FD93;

    /// <summary>The checksum of all counts; empties the table.</summary>
    public Checksum EndBatch()
    {
        Checksum batch = default;
        var slot = (Slot*)_slots.Pointer;
        Slot* end = slot + (1L << _slotBits);
        for (; slot < end; slot++)
        {
            if (slot->Count != 0)
            {
                batch = batch.Add(Checksum.Hash(new ReadOnlySpan<byte>(slot, slot->Length)), slot->Count);
            }
        }

        NativeMemory.Clear(_slots.Pointer, _slots.ByteCount);
        _wordCount = 0;
        return batch;
    }

    public void Dispose() => _slots.Dispose();

    private void Grow()
    {
        using NativeBuffer old = _slots;
        int oldSlotCount = 1 << _slotBits;
        _slotBits++;
        _slots = new NativeBuffer((nuint)SlotBytes << _slotBits);
        var slots = (Slot*)_slots.Pointer;
        int indexMask = (1 << _slotBits) - 1;
        for (var slot = (Slot*)old.Pointer; slot < (Slot*)old.Pointer + oldSlotCount; slot++)
        {
            if (slot->Count != 0)
            {
                int slotIndex = (int)(Hash(slot->First, slot->Next) >> (64 - _slotBits));
                while (slots[slotIndex].Count != 0)
                {
                    slotIndex = (slotIndex + 1) & indexMask;
                }

                slots[slotIndex] = *slot;
            }
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Slot
    {
        public ulong First;
        public uint Next;
        public uint Count;

        // A word has no zero bytes, so the zero bytes at the end are those behind it.
        public readonly int Length => Next != 0
            ? 12 - (BitOperations.LeadingZeroCount(Next) / 8)
            : 8 - (BitOperations.LeadingZeroCount(First) / 8);
    }
}
