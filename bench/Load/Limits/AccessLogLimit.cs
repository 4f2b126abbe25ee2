using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FastStream.Bench.Load;

/// <summary>
/// Sums an access log by address. The address is never parsed: its text is the key. The bytes sent stand at the line's
/// end and are read backwards from there, so nothing in between is looked at.
/// </summary>
internal unsafe class AccessLogLimit : Limit
{
    private const int GroupLines = 64;
    private const int MaximumAddressBytes = 15;

    private readonly AddressTable _table = new();
    private readonly NativeBuffer _scratch;

    // Where the lines of the group end; room for one more block than a group, and for the offsets written in excess.
    private readonly int* _ends;
    private readonly ulong* _hashes;
    private readonly Vector128<byte>* _addresses;

    // For each address length the bytes to keep of a 16-byte load.
    private readonly Vector128<byte>* _masks;

    /// <summary>The sums of the batch.</summary>
    protected AddressTable Sums => _table;

    public AccessLogLimit()
    {
        int groupRoom = GroupLines + ByteScan.BlockBytes + 8;
        _scratch = new NativeBuffer((nuint)((groupRoom * (sizeof(int) + sizeof(ulong) + 16)) + (17 * 16)));
        _masks = (Vector128<byte>*)_scratch.Pointer;
        _addresses = _masks + 17;
        _hashes = (ulong*)(_addresses + groupRoom);
        _ends = (int*)(_hashes + groupRoom);
        for (int length = 0; length <= 16; length++)
        {
            new Span<byte>(_masks + length, length).Fill(0xFF);
        }
    }

    public override void Process(byte* start, byte* end)
    {
        Vector256<byte> lineFeed = Vector256.Create((byte)'\n');
        int* ends = _ends;
        int endCount = 0;
        int lineStart = 0;
        for (byte* block = start; block < end; block += ByteScan.BlockBytes)
        {
            ByteScan.PrefetchAhead(block);
            ulong mask = ByteScan.EqualMask(block, lineFeed) & ByteScan.BitsBefore(block, end);
            while (mask != 0)
            {
                ends[endCount++] = (int)(block - start) + BitOperations.TrailingZeroCount(mask);
                mask &= mask - 1;
            }

            if (endCount >= GroupLines)
            {
                lineStart = AddGroup(start, lineStart, endCount);
                endCount = 0;
            }
        }

        AddGroup(start, lineStart, endCount);
    }

    public override Checksum EndBatch()
    {
        Checksum batch = _table.Sum();
        _table.Clear();
        return batch;
    }

    public override void Dispose()
    {
        _table.Dispose();
        _scratch.Dispose();
        base.Dispose();
    }

    /// <summary>Returns where the next group's first line starts.</summary>
    private int AddGroup(byte* text, int lineStart, int endCount)
    {
        AddressTable table = _table;
        table.Reserve(endCount);
        for (int index = 0; index < endCount; index++)
        {
            Vector128<byte> head = Vector128.Load(text + lineStart);
            uint blanks = Vector128.Equals(head, Vector128.Create((byte)' ')).ExtractMostSignificantBits();
            int length = BitOperations.TrailingZeroCount(blanks);
            if (length is 0 or > MaximumAddressBytes)
            {
                throw new InvalidDataException($"No address of 1 to {MaximumAddressBytes} bytes at the line's start.");
            }

            Vector128<byte> address = head & _masks[length];
            _addresses[index] = address;
            _hashes[index] = table.HashAndPrefetch(address);
            lineStart = _ends[index] + 1;
        }

        for (int index = 0; index < endCount; index++)
        {
            table.Add(_addresses[index], _hashes[index], ReadNumberBefore(text + _ends[index]));
        }

        return lineStart;
    }

    /// <summary>The number of up to seven digits that ends here; a hyphen is zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long ReadNumberBefore(byte* end)
    {
        ulong tail = *(ulong*)(end - 8);

        // The top bit of each byte that is a blank: the sum carries into it unless all seven low bits of the difference
        // are zero. All of these bytes are ASCII.
        ulong difference = tail ^ 0x2020202020202020;
        ulong blanks = ~(difference + 0x7F7F7F7F7F7F7F7F) & 0x8080808080808080;
        int digitCount = BitOperations.LeadingZeroCount(blanks) / 8;
        if (digitCount is 0 or > 7 || end[-1] == '-')
        {
            return ReadNumberSlowly(end);
        }

        // Digits as bytes of 0 to 9, the last in the highest byte, zeros before the first; then pairs, fours, eights.
        ulong digits = (tail & 0x0F0F0F0F0F0F0F0F) >> (64 - (8 * digitCount)) << (64 - (8 * digitCount));
        digits = (digits * 10) + (digits >> 8);
        return (long)((((digits & 0x000000FF000000FF) * 0x000F424000000064) +
            (((digits >> 16) & 0x000000FF000000FF) * 0x0000271000000001)) >> 32);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long ReadNumberSlowly(byte* end)
    {
        if (end[-1] == '-')
        {
            return 0;
        }

        long number = 0;
        long power = 1;
        for (byte* digit = end - 1; char.IsAsciiDigit((char)*digit); digit--)
        {
            number += (*digit - '0') * power;
            power *= 10;
        }

        return number;
    }
}
