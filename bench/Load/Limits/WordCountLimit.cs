using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FastStream.Bench.Load;

/// <summary>
/// Counts words in three steps, each over a group: where the blanks are, then keys and hashes with a prefetch of the
/// slots, then the probes. By the time that a slot is probed its cache line has arrived.
/// </summary>
internal sealed unsafe class WordCountLimit : Limit
{
    // Found best by measuring: with 128 words the prefetches come too late, with many more they are evicted again.
    private const int GroupWords = 512;

    private readonly WordTable _table = new();
    private readonly LongWords _longWords = new();
    private readonly NativeBuffer _scratch;

    // Where the words of the group end; room for one more block than a group, and for the offsets written in excess.
    private readonly int* _ends;
    private readonly Vector128<ulong>* _keys;
    private readonly ulong* _hashes;

    // For each word length the bytes to keep of a 16-byte load.
    private readonly Vector128<byte>* _masks;

    public WordCountLimit()
    {
        int groupRoom = GroupWords + ByteScan.BlockBytes + 8;
        _scratch = new NativeBuffer((nuint)((groupRoom * (sizeof(int) + sizeof(ulong) + 16)) + (17 * 16)));
        _masks = (Vector128<byte>*)_scratch.Pointer;
        _keys = (Vector128<ulong>*)(_masks + 17);
        _hashes = (ulong*)(_keys + groupRoom);
        _ends = (int*)(_hashes + groupRoom);
        for (int length = 0; length <= 16; length++)
        {
            new Span<byte>(_masks + length, length).Fill(0xFF);
        }
    }

    public override void Process(byte* start, byte* end)
    {
        Vector256<byte> blank = Vector256.Create((byte)' ');
        int* ends = _ends;
        int endCount = 0;
        int wordStart = 0;
        for (byte* block = start; block < end; block += ByteScan.BlockBytes)
        {
            ByteScan.PrefetchAhead(block);
            ulong mask = ByteScan.AtMostMask(block, blank) & ByteScan.BitsBefore(block, end);
            endCount += ByteScan.WriteOffsets(mask, (int)(block - start), ends + endCount);
            if (endCount >= GroupWords)
            {
                wordStart = CountGroup(start, wordStart, endCount);
                endCount = 0;
            }
        }

        CountGroup(start, wordStart, endCount);
    }

    public override Checksum EndBatch() => _table.EndBatch().Merge(_longWords.EndBatch());

    public override void Dispose()
    {
        _table.Dispose();
        _scratch.Dispose();
        base.Dispose();
    }

    /// <summary>Returns where the next group's first word starts.</summary>
    private int CountGroup(byte* text, int wordStart, int endCount)
    {
        int* ends = _ends;
        Vector128<ulong>* keys = _keys;
        ulong* hashes = _hashes;
        Vector128<byte>* masks = _masks;
        byte* slots = _table.Slots;
        int shift = _table.Shift;
        int keyCount = 0;
        for (int index = 0; index < endCount; index++)
        {
            int length = ends[index] - wordStart;
            if (length <= WordTable.MaximumWordBytes)
            {
                Vector128<ulong> key = (Vector128.Load(text + wordStart) & masks[length]).AsUInt64();
                keys[keyCount] = key;
                ulong hash = WordTable.Hash(key.GetElement(0), key.GetElement(1));
                hashes[keyCount] = hash;
                if (Sse.IsSupported)
                {
                    Sse.Prefetch0(slots + ((hash >> shift) * WordTable.SlotBytes));
                }

                // Two blanks in a row are an empty word: it is overwritten by the next one.
                keyCount += length != 0 ? 1 : 0;
            }
            else
            {
                _longWords.Count(new ReadOnlySpan<byte>(text + wordStart, length));
            }

            wordStart = ends[index] + 1;
        }

        _table.CountAll(keys, hashes, keyCount);
        return wordStart;
    }
}
