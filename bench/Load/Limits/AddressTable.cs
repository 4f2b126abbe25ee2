using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FastStream.Bench.Load;

/// <summary>
/// Requests and bytes sent by address, by open addressing. The key is the address's text, at most 15 bytes; count and
/// bytes share a slot, so what would be two reductions and a join is one probe:
/// <code>
/// | 0 .. 15  address, then zeros | 16 .. 23  bytes | 24 .. 31  count |      an address of zeros is an empty slot
/// </code>
/// </summary>
internal sealed unsafe class AddressTable : IDisposable
{
    private const int InitialSlotBits = 14;

    private NativeBuffer _slots;
    private int _slotBits;
    private int _addressCount;

    public AddressTable()
    {
        _slotBits = InitialSlotBits;
        _slots = new NativeBuffer((nuint)sizeof(Slot) << _slotBits);
    }

    /// <summary>Makes room for this many new addresses, so that <see cref="Add"/> need not look.</summary>
    public void Reserve(int count)
    {
        while ((_addressCount + count) * 2 > 1 << _slotBits)
        {
            Grow();
        }
    }

    /// <summary>The address's hash; asks for its slot ahead of the probe.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong HashAndPrefetch(Vector128<byte> address)
    {
        ulong hash = Hash(address);
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(_slots.Pointer + ((hash >> (64 - _slotBits)) * (ulong)sizeof(Slot)));
        }

        return hash;
    }

    /// <summary>Adds one request.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector128<byte> address, ulong hash, long byteCount) => Add(address, hash, byteCount, count: 1);

    /// <summary>Adds the sums of one address, or with negative ones takes them out again: its slot stays.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector128<byte> address, ulong hash, long byteCount, long count)
    {
        Slot* slot = Find((Slot*)_slots.Pointer, _slotBits, address, hash);
        if (slot->Address == default)
        {
            slot->Address = address;
            _addressCount++;
        }

        slot->Bytes += byteCount;
        slot->Count += count;
    }

    /// <summary>Copies the sums of all addresses; empties the table.</summary>
    public void MoveTo(List<(Vector128<byte> Address, long Bytes, long Count)> sums)
    {
        for (var slot = (Slot*)_slots.Pointer; slot < (Slot*)_slots.Pointer + (1 << _slotBits); slot++)
        {
            if (slot->Count != 0)
            {
                sums.Add((slot->Address, slot->Bytes, slot->Count));
            }
        }

        Clear();
    }

    /// <summary>The checksum of all addresses that have requests.</summary>
    public Checksum Sum()
    {
        Checksum batch = default;
        Slot* end = (Slot*)_slots.Pointer + (1 << _slotBits);
        for (var slot = (Slot*)_slots.Pointer; slot < end; slot++)
        {
            if (slot->Count != 0)
            {
                var text = new ReadOnlySpan<byte>(slot, 16);
                batch = batch.Add(Checksum.Hash(text[..text.IndexOf((byte)0)]), slot->Count, slot->Bytes);
            }
        }

        return batch;
    }

    public void Clear()
    {
        NativeMemory.Clear(_slots.Pointer, _slots.ByteCount);
        _addressCount = 0;
    }

    public void Dispose() => _slots.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Hash(Vector128<byte> address)
    {
        Vector128<ulong> halves = address.AsUInt64();
        ulong second = BitOperations.RotateLeft(halves.GetElement(1) * 0x9E3779B97F4A7C15, 32);
        return (halves.GetElement(0) ^ second) * 0xD6E8FEB86659FD93;
    }

    // The slot of the address, or the empty one where it belongs.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Slot* Find(Slot* slots, int slotBits, Vector128<byte> address, ulong hash)
    {
        ulong slotIndex = hash >> (64 - slotBits);
        while (slots[slotIndex].Address != address && slots[slotIndex].Address != default)
        {
            slotIndex = (slotIndex + 1) & ((1UL << slotBits) - 1);
        }

        return slots + slotIndex;
    }

    private void Grow()
    {
        using NativeBuffer old = _slots;
        int oldSlotCount = 1 << _slotBits;
        _slotBits++;
        _slots = new NativeBuffer((nuint)sizeof(Slot) << _slotBits);
        for (var slot = (Slot*)old.Pointer; slot < (Slot*)old.Pointer + oldSlotCount; slot++)
        {
            if (slot->Count != 0)
            {
                *Find((Slot*)_slots.Pointer, _slotBits, slot->Address, Hash(slot->Address)) = *slot;
            }
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Slot
    {
        public Vector128<byte> Address;
        public long Bytes;
        public long Count;
    }
}
