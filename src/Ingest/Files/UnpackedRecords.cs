namespace FastStream;

/// <summary>
/// Decodes one archive's records in blocks: it unpacks at most one block, or one longest record, ahead.
/// </summary>
/// <remarks><code>
/// block: | decoded ........ | unfinished | free, filled by the next bytes |
///                             ^ goes to the front of the next block
/// </code></remarks>
/// <param name="file">The archive, which is open.</param>
/// <param name="unpacked">The archive's unpacked bytes.</param>
/// <param name="decoder">Makes the records.</param>
/// <param name="source">The pool of blocks, and the policy for records that are too long.</param>
/// <param name="blocks">Receives the blocks, which the batch holds.</param>
/// <param name="countOversized">Counts a record that is too long; called with its offset in the unpacked text.</param>
internal sealed class UnpackedRecords<T>(
    OpenFile file, UnpackedFile unpacked, IRecordDecoder<T> decoder, FileSource source, List<Block> blocks, Action<long> countOversized)
{
    private readonly RecordLimit<T> _limit = new(decoder, source.MaxRecordBytes);
    private Block _block = null!;   // the block being filled: the last of the list
    private long _blockStart;       // its offset in the unpacked text
    private int _at;                // end of the decoded bytes in it
    private int _filled;
    private bool _isUsed;           // whether records point into the block
    private bool _isEnd;            // everything is unpacked
    private bool _skipping;         // inside a record that is too long
    private byte _lastByte;         // of the previous record; 0 where it cannot be half of a line end

    public void Decode(ref DecodeRun<T> run)
    {
        _block = Rent(0);
        Fill();
        if (decoder is ITextDecoder && NotText.Find(_block.Span[..Math.Min(_filled, NotText.HeadBytes)]) is { } found)
        {
            throw new LostFileException($"{file.Path} cannot be read: what it unpacks to {found}");
        }

        _at = ByteOrderMark.LengthIn(_block.Span[.._filled], decoder);
        while (true)
        {
            DecodeBlock(ref run);
            if (_isEnd)
            {
                return;
            }

            MoveOn();
            Fill();
        }
    }

    private void DecodeBlock(ref DecodeRun<T> run)
    {
        _at += decoder.FindRestOfEnd(_lastByte, _block.Span[_at.._filled]);
        _lastByte = 0;
        while (_at < _filled)
        {
            if (_skipping)
            {
                int end = decoder.FindFirst(_block.Span[_at.._filled]);
                _skipping = end == 0;
                PassTo(end == 0 ? _filled : _at + end, isEnd: end > 0);
                continue;
            }

            Span<byte> rest = _block.Span[_at.._filled];
            int whole = _isEnd ? rest.Length : decoder.FindLast(rest);
            int good = _limit.FindTooLong(rest[..whole]) ?? whole;
            if (good > 0)
            {
                _isUsed = true;
                run.Decode(new RecordBytes(_block, _at, good));
                PassTo(_at + good, isEnd: true);
            }
            else if (whole > 0 || rest.Length >= _limit.FrameBytes)
            {
                TakeOversized(ref run);
            }
            else
            {
                return;
            }
        }
    }

    private void PassTo(int at, bool isEnd)
    {
        _lastByte = isEnd ? _block.Span[at - 1] : (byte)0;
        _at = at;
        if (isEnd && at < _filled)
        {
            _at += decoder.FindRestOfEnd(_lastByte, _block.Span[at.._filled]);
            _lastByte = 0;
        }
    }

    // The record begins at _at, and more of it than the bound is in the block.
    private void TakeOversized(ref DecodeRun<T> run)
    {
        if (source.Oversized == OversizedRecordPolicy.FailStream || !decoder.AcceptsUnfinishedEnd)
        {
            throw source.RecordTooLong(_blockStart + _at);
        }

        countOversized(_blockStart + _at);
        if (source.Oversized == OversizedRecordPolicy.Truncate)
        {
            _isUsed = true;
            run.Decode(new RecordBytes(_block, _at, OversizedRecords.CharacterBoundary(_block.Span[_at..], source.MaxRecordBytes)));
        }

        _at += source.MaxRecordBytes;
        _skipping = true;
    }

    // Moves the partial record to the front: of this block, or of another one where records point into this one or it
    // has no room.
    private void MoveOn()
    {
        Span<byte> rest = _block.Span[_at.._filled];
        _blockStart += _at;
        if (_isUsed || rest.Length == _block.Length)
        {
            Block full = _block;
            _block = Rent(rest.Length);
            rest.CopyTo(_block.Span);
            if (!_isUsed)
            {
                blocks.Remove(full);
                full.Release();
            }
        }
        else
        {
            rest.CopyTo(_block.Span);
        }

        _filled = rest.Length;
        _at = 0;
        _isUsed = false;
    }

    private Block Rent(int unfinished)
    {
        Block block = unfinished < source.Blocks.BlockSizeBytes ? source.Blocks.Rent() : new BlockPool(_limit.FrameBytes, 1).Rent();
        blocks.Add(block);
        return block;
    }

    private void Fill()
    {
        int wanted = _block.Length - _filled;
        int read = unpacked.Fill(_block.Span[_filled..]);
        _filled += read;
        _isEnd = read < wanted;
    }
}
