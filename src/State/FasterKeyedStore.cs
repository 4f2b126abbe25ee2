using System.Security.Cryptography;
using FASTER.core;

namespace FastStream;

/// <summary>The states of one partition, in a FASTER store of their own.</summary>
/// <remarks>
/// <code>
/// key in FASTER   | 0 (1) | key |     and | 1, 2, … (2) | for records that fill a sector up
/// snapshot        fill the last sector → fold over (the log's new part goes to the disk) → sums and files synced;
///                 now and then the index → FasterSnapshot
/// </code>
/// One session reads and another writes, so that reads continue while a snapshot is made. FASTER's own compaction is
/// not used, because it races with reads: a read looks up a record's address, compaction moves the record and the log's
/// begin, and the read then finds nothing. Here a piece is moved under the lock that readers hold.
/// </remarks>
internal sealed unsafe class FasterKeyedStore : KeyedStore
{
    private const byte UserKey = 0;
    private const byte FillKey = 1;
    private const int ScanChunk = 256;

    private readonly KeyedStoreSettings _settings;
    private readonly FasterLayout _layout;
    private readonly StoreFault _fault = new();
    private readonly FasterNotes _notes;
    private readonly SummedDevice _device;
    private readonly FasterKV<SpanByte, SpanByte> _faster;
    private readonly StoreFunctions _reads = new();
    private readonly ClientSession<SpanByte, SpanByte, SpanByte, Asked, Empty, StoreFunctions> _reader;
    private readonly ClientSession<SpanByte, SpanByte, SpanByte, Asked, Empty, StoreFunctions> _writer;
    private readonly StoreFunctions _looks = new();
    private readonly ClientSession<SpanByte, SpanByte, SpanByte, Asked, Empty, StoreFunctions> _collector;   // used by the writing thread
    private readonly Lock _moving = new();       // held while records are looked up, and while they are moved
    private readonly long _seed;
    private byte[] _key = GC.AllocateUninitializedArray<byte>(256, pinned: true);   // of the writer
    private byte[] _asked = GC.AllocateUninitializedArray<byte>(256, pinned: true); // of the reader
    private FasterSnapshot? _last;
    private long _written;         // records written, to compute their average size
    private long _writtenBytes;

    public FasterKeyedStore(KeyedStoreSettings settings, FasterLayout layout)
    {
        _settings = settings;
        _last = settings.Snapshot is { } bytes ? FasterSnapshot.Read(bytes) : null;
        _layout = _last is null
            ? layout : layout with
            { PageBytes = _last.PageBytes, SegmentBytes = _last.SegmentBytes, LogBytes = Math.Max(layout.LogBytes, 4L * _last.PageBytes) };
        _seed = _last?.Seed ?? BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));
        _notes = new FasterNotes(settings.Directory, _fault, settings.IsReadOnly);
        _device = new SummedDevice(settings.Directory, "log", _fault, settings.IsReadOnly);
        try
        {
            if (_last is not null)
            {
                _device.OpenThere(_last.Begin, _last.End, _last.SegmentBytes);
            }

            _faster = new FasterKV<SpanByte, SpanByte>(new FasterKVSettings<SpanByte, SpanByte>
            {
                IndexSize = _layout.IndexBytes,
                LogDevice = _device,
                PageSize = _layout.PageBytes,
                SegmentSize = _layout.SegmentBytes,
                MemorySize = _layout.LogBytes,
                CheckpointManager = _notes,
                RemoveOutdatedCheckpoints = false,
                ConcurrencyControlMode = ConcurrencyControlMode.None,
                EqualityComparer = new SeededComparer(_seed),
            });
            Recover();
            _reader = _faster.For(_reads).NewSession<StoreFunctions>();
            _writer = _faster.For(new StoreFunctions()).NewSession<StoreFunctions>();
            _collector = _faster.For(_looks).NewSession<StoreFunctions>();
        }
        catch
        {
            _faster?.Dispose();
            _device.Dispose();
            throw;
        }
    }

    public override long MemoryBytes => _layout.LogBytes + (_faster.IndexSize * 64);

    public override void Read(StoredKeys keys, StoredValueReader found)
    {
        _fault.ThrowIfAny();
        lock (_moving)
        {
            _reads.Found = found;
            try
            {
                for (int i = 0; i < keys.Count; i++)
                {
                    Ask(_reader, Stored(ref _asked, keys[i]), i);
                }

                _reader.CompletePending(wait: true);
            }
            finally
            {
                _reads.Found = null;
            }
        }

        _fault.ThrowIfAny();
    }

    public override void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        _fault.ThrowIfAny();
        ThrowIfTooLarge(key, value);
        ReadOnlySpan<byte> stored = Stored(ref _key, key);
        Upsert(stored, value);
        _written++;
        _writtenBytes += RecordBytes(stored.Length, value.Length);
        _fault.ThrowIfAny();
    }

    public override void Delete(ReadOnlySpan<byte> key)
    {
        _fault.ThrowIfAny();
        ReadOnlySpan<byte> stored = Stored(ref _key, key);
        fixed (byte* bytes = stored)
        {
            SpanByte spanByte = SpanByte.FromPointer(bytes, stored.Length);
            _writer.Delete(ref spanByte);
        }

        _fault.ThrowIfAny();
    }

    public override void ReadAll(StoredPairReader pair)
    {
        _fault.ThrowIfAny();
        lock (_moving)
        {
            var scan = new LiveRecords(ScanChunk);
            using IFasterScanIterator<SpanByte, SpanByte> records =
                _faster.Log.Scan(_faster.Log.BeginAddress, _faster.Log.TailAddress, ScanBufferingMode.SinglePageBuffering);
            while (Fill(scan, records))
            {
                MarkLive(scan, _reader, _reads);
                for (int i = 0; i < scan.Count; i++)
                {
                    if (scan.IsLive(i))
                    {
                        pair(scan.KeyAt(i)[1..], scan.ValueAt(i));
                    }
                }
            }
        }

        _fault.ThrowIfAny();
    }

    public override ReadOnlyMemory<byte> TakeSnapshot()
    {
        _fault.ThrowIfAny();
        if (_last is not null && _faster.Log.TailAddress == _last.End)
        {
            return _last.ToBytes();
        }

        CollectGarbage();
        (Guid index, byte[]? indexNotes, long indexEnd, long indexBytes) = SaveIndexIfDue();
        FillSector();
        if (!_faster.TryInitiateHybridLogCheckpoint(out Guid log, CheckpointType.FoldOver))
        {
            throw new IOException($"The store of {_settings.Name} is making a checkpoint already.");
        }

        _faster.CompleteCheckpointAsync().AsTask().GetAwaiter().GetResult();
        _fault.ThrowIfAny();
        long end = _faster.Log.TailAddress;
        _device.Flush(end);
        _fault.ThrowIfAny();
        _last = new FasterSnapshot
        {
            Seed = _seed,
            PageBytes = _layout.PageBytes,
            SegmentBytes = _layout.SegmentBytes,
            Begin = _faster.Log.BeginAddress,
            End = end,
            Log = log,
            LogNotes = _notes.GetLogCheckpointMetadata(log, null!),
            Index = index,
            IndexNotes = indexNotes,
            IndexEnd = indexEnd,
            IndexFileBytes = indexBytes,
        };
        return _last.ToBytes();
    }

    public override void Retire(IReadOnlyList<ReadOnlyMemory<byte>> kept)
    {
        FasterSnapshot[] snapshots = [.. kept.Select(FasterSnapshot.Read)];
        _device.RemoveBefore(snapshots.Select(each => each.Begin).Append(_faster.Log.BeginAddress).Min());
        var names = snapshots.Append(_last).OfType<FasterSnapshot>().Select(each => FasterNotes.NameOf(each.Index))
            .ToHashSet(StringComparer.Ordinal);
        foreach (string path in Directory.EnumerateFiles(_settings.Directory, "index-*"))
        {
            string name = Path.GetFileName(path);
            if (!names.Contains(name[..name.IndexOf('.', StringComparison.Ordinal)]))
            {
                File.Delete(path);
            }
        }
    }

    public override void Dispose()
    {
        _reader.Dispose();
        _writer.Dispose();
        _collector.Dispose();
        _faster.Dispose();
        _device.Dispose();
    }

    private void Recover()
    {
        if (_last is null)
        {
            return;
        }

        _notes.Add(_last);
        _faster.Recover(_last.Index, _last.Log, numPagesToPreload: 0);
        _fault.ThrowIfAny();
        if (_faster.Log.TailAddress != _last.End || _faster.Log.BeginAddress != _last.Begin)
        {
            throw new InvalidDataException(
                $"The store of {_settings.Name} was opened from {_faster.Log.BeginAddress} to "
                    + $"{_faster.Log.TailAddress}; {_last.Begin} to {_last.End} are expected. Bring an undamaged "
                    + $"copy of {_settings.Directory} back.");
        }
    }

    private static void Ask(ClientSession<SpanByte, SpanByte, SpanByte, Asked, Empty, StoreFunctions> session,
        ReadOnlySpan<byte> stored, int index)
    {
        fixed (byte* bytes = stored)
        {
            SpanByte spanByte = SpanByte.FromPointer(bytes, stored.Length);
            SpanByte input = default;
            var asked = new Asked { Index = index };
            session.Read(ref spanByte, ref input, ref asked);
        }
    }

    // Takes the next records of users' keys, in the log's order; false at its end.
    private static bool Fill(LiveRecords scan, IFasterScanIterator<SpanByte, SpanByte> records)
    {
        scan.Clear();
        while (!scan.IsFull && records.GetNext(out RecordInfo info))
        {
            if (!info.Tombstone && records.GetKey().AsReadOnlySpan() is [UserKey, ..])
            {
                scan.Add(records.GetKey().AsReadOnlySpan(), records.GetValue().AsReadOnlySpan(), records.CurrentAddress);
            }
        }

        return scan.Count > 0;
    }

    // Marks the records that are the newest of their keys.
    private void MarkLive(LiveRecords scan,
        ClientSession<SpanByte, SpanByte, SpanByte, Asked, Empty, StoreFunctions> session, StoreFunctions functions)
    {
        functions.FoundAt = scan.MarkIfAt;
        try
        {
            for (int i = 0; i < scan.Count; i++)
            {
                Ask(session, scan.KeyAt(i), i);
            }

            session.CompletePending(wait: true);
        }
        finally
        {
            functions.FoundAt = null;
        }

        _fault.ThrowIfAny();
    }

    private static ReadOnlySpan<byte> Stored(ref byte[] buffer, ReadOnlySpan<byte> key)
    {
        if (buffer.Length < key.Length + 1)
        {
            buffer = GC.AllocateUninitializedArray<byte>(2 * (key.Length + 1), pinned: true);
        }

        buffer[0] = UserKey;
        key.CopyTo(buffer.AsSpan(1));
        return buffer.AsSpan(0, key.Length + 1);
    }

    private void Upsert(ReadOnlySpan<byte> stored, ReadOnlySpan<byte> value)
    {
        fixed (byte* keyBytes = stored)
        fixed (byte* valueBytes = value)
        {
            SpanByte key = SpanByte.FromPointer(keyBytes, stored.Length);
            SpanByte desired = SpanByte.FromPointer(valueBytes, value.Length);
            _writer.Upsert(ref key, ref desired);
        }
    }

    private void ThrowIfTooLarge(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        long bytes = RecordBytes(key.Length + 1, value.Length);
        if (bytes > _layout.PageBytes - 64)
        {
            throw new InvalidOperationException(
                $"A key and its state of {_settings.Name} take {bytes} bytes; a page has {_layout.PageBytes}. Make "
                    + "FasterStateStore.PageBytes larger and begin with a new directory, or keep less in a state.");
        }
    }

    private static long RecordBytes(int keyBytes, int valueBytes) => 8 + RoundUp(4 + keyBytes) + RoundUp(4 + valueBytes);

    private static long RoundUp(long bytes) => (bytes + 7) & ~7L;

    // Fills the last sector, so that a snapshot's part of the log ends with a sector and is never written again.
    private void FillSector()
    {
        Span<byte> key = [FillKey, 0];
        byte[] filler = new byte[2 * SummedFile.SectorBytes];
        for (int i = 0; _faster.Log.TailAddress % SummedFile.SectorBytes is var used and not 0; i++)
        {
            if (i == 256)
            {
                throw new IOException($"The log of {_settings.Name} does not come to a sector's end.");
            }

            long rest = SummedFile.SectorBytes - used;
            long bytes = rest >= 24 ? rest : rest + SummedFile.SectorBytes;
            key[1] = (byte)i;
            Upsert(key, filler.AsSpan(0, (int)(bytes - 8 - 8 - 4)));
        }
    }

    // With an index in a file, a start need not read the whole log.
    private (Guid Index, byte[]? Notes, long End, long Bytes) SaveIndexIfDue()
    {
        long end = _faster.Log.TailAddress;
        long indexBytes = _faster.IndexSize * 64;
        if (end - Math.Max(_last?.IndexEnd ?? 0, _faster.Log.BeginAddress) < Math.Max(_layout.LeastGarbageBytes, 2 * indexBytes))
        {
            return (_last?.Index ?? default, _last?.IndexNotes, _last?.IndexEnd ?? 0, _last?.IndexFileBytes ?? 0);
        }

        if (!_faster.TryInitiateIndexCheckpoint(out Guid index))
        {
            throw new IOException($"The store of {_settings.Name} is writing an index already.");
        }

        _faster.CompleteCheckpointAsync().AsTask().GetAwaiter().GetResult();
        _fault.ThrowIfAny();
        return (index, _notes.GetIndexCheckpointMetadata(index), end,
            new FileInfo(Path.Combine(_settings.Directory, FasterNotes.NameOf(index) + ".0")).Length);
    }

    // Collects one piece at the log's begin: appends its live records to the log's end.
    private void CollectGarbage()
    {
        long begin = _faster.Log.BeginAddress;
        long size = _faster.Log.TailAddress - begin;
        if (size < 2 * _layout.LeastGarbageBytes || size < 2 * LiveBytes(size))
        {
            return;
        }

        long until = Math.Min(_faster.Log.SafeReadOnlyAddress, begin + Math.Max(size / 4, _layout.LeastGarbageBytes / 2));
        if (until > begin)
        {
            Move(begin, until);
        }
    }

    private void Move(long begin, long until)
    {
        var scan = new LiveRecords(ScanChunk);
        long moved = begin;
        using (IFasterScanIterator<SpanByte, SpanByte> records = _faster.Log.Scan(begin, until, ScanBufferingMode.SinglePageBuffering))
        {
            while (Fill(scan, records))
            {
                lock (_moving)
                {
                    MarkLive(scan, _collector, _looks);
                    for (int i = 0; i < scan.Count; i++)
                    {
                        if (scan.IsLive(i))
                        {
                            Upsert(scan.KeyAt(i), scan.ValueAt(i));
                        }
                    }
                }

                moved = records.NextAddress;
            }

            moved = Math.Max(moved, records.NextAddress);   // dead records follow the last live one
        }

        _fault.ThrowIfAny();
        lock (_moving)
        {
            _faster.Log.ShiftBeginAddress(moved, truncateLog: false);
        }
    }

    private long LiveBytes(long size) =>
        _written == 0 ? size : Math.Min(size, _layout.LeastGarbageBytes + (_faster.EntryCount * (_writtenBytes / _written)));
}
