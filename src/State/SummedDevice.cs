using System.Collections.Concurrent;
using System.Globalization;
using FASTER.core;

namespace FastStream;

/// <summary>
/// The device for FASTER's log or an index: segment files with checksums for their sectors; failures are noted.
/// </summary>
/// <remarks>
/// After a failed read FASTER continues with whatever is in memory, and after a failed write it waits for ever.
/// Therefore this device reports both as done, and notes the failure in the fault. It reads and writes synchronously,
/// on the calling thread. Data in a snapshot are never written again. Thread safe.
/// </remarks>
internal sealed class SummedDevice : StorageDeviceBase
{
    private readonly string _directory;
    private readonly string _name;
    private readonly StoreFault _fault;
    private readonly bool _isReadOnly;
    private readonly ConcurrentDictionary<int, SummedFile> _files = new();
    private readonly Lock _making = new();
    private long _durableUntil;   // addresses below this are in a snapshot

    /// <param name="directory">Directory of the files.</param>
    /// <param name="name">The beginning of their names.</param>
    /// <param name="fault">Notes failures.</param>
    /// <param name="isReadOnly">Whether nothing may change.</param>
    public SummedDevice(string directory, string name, StoreFault fault, bool isReadOnly)
        : base(Path.Combine(directory, name), SummedFile.SectorBytes, Devices.CAPACITY_UNSPECIFIED)
    {
        _directory = directory;
        _name = name;
        _fault = fault;
        _isReadOnly = isReadOnly;
    }

    /// <summary>Whether disposing of the device flushes it to the disk.</summary>
    public bool FlushesAtEnd { get; init; }

    /// <summary>Opens the files of a snapshot.</summary>
    /// <param name="begin">The first address.</param>
    /// <param name="end">The end address, at the begin of a sector.</param>
    /// <param name="segmentBytes">Bytes of a segment.</param>
    /// <exception cref="InvalidDataException">A file is missing or shorter.</exception>
    public void OpenThere(long begin, long end, long segmentBytes)
    {
        for (long segment = begin / segmentBytes; segment * segmentBytes < end; segment++)
        {
            _files[(int)segment] =
                SummedFile.Open(PathOf((int)segment), Math.Min(segmentBytes, end - (segment * segmentBytes)), _isReadOnly);
        }

        _durableUntil = end;
    }

    public override void WriteAsync(nint sourceAddress, int segmentId, ulong destinationAddress, uint numBytesToWrite,
        DeviceIOCompletionCallback callback, object context)
    {
        try
        {
            Write(sourceAddress, segmentId, (long)destinationAddress, (int)numBytesToWrite);
        }
        catch (Exception error)
        {
            _fault.Set(error);
        }

        callback(0, numBytesToWrite, context);
    }

    public override unsafe void ReadAsync(int segmentId, ulong sourceAddress, nint destinationAddress, uint readLength,
        DeviceIOCompletionCallback callback, object context)
    {
        var bytes = new Span<byte>((void*)destinationAddress, (int)readLength);
        try
        {
            if (_files.TryGetValue(segmentId, out SummedFile? file))
            {
                file.Read(bytes, (long)sourceAddress);
            }
            else
            {
                bytes.Clear();   // a part of the log that no snapshot has
            }
        }
        catch (Exception error)
        {
            bytes.Clear();
            _fault.Set(error);
        }

        callback(0, readLength, context);
    }

    // The kept snapshots decide which segments may be removed: see RemoveBefore.
    public override void RemoveSegmentAsync(int segment, AsyncCallback callback, IAsyncResult result) => callback(result);

    public override long GetFileSize(int segment) => segmentSize > 0 ? segmentSize : long.MaxValue;

    /// <summary>Flushes all files to the disk.</summary>
    /// <param name="durableUntil">Addresses below this are in the snapshot that is being made.</param>
    /// <exception cref="IOException">Writing to the disk failed.</exception>
    public void Flush(long durableUntil)
    {
        foreach (SummedFile file in _files.Values)
        {
            file.Flush();
        }

        DurableFile.FlushDirectory(_directory);
        Volatile.Write(ref _durableUntil, durableUntil);
    }

    /// <summary>Removes the segments that end before an address.</summary>
    public void RemoveBefore(long address)
    {
        foreach (int segment in _files.Keys.Where(segment => (segment + 1L) * segmentSize <= address))
        {
            if (_files.TryRemove(segment, out SummedFile? file))
            {
                file.Dispose();
                SummedFile.Delete(PathOf(segment));
            }
        }
    }

    // FASTER itself closes the device of an index that it has written: the index must then be on the disk.
    public override void Dispose()
    {
        foreach (SummedFile file in _files.Values)
        {
            try
            {
                if (FlushesAtEnd)
                {
                    file.Flush();
                }
            }
            catch (IOException error)
            {
                _fault.Set(error);
            }

            file.Dispose();
        }

        _files.Clear();
    }

    private unsafe void Write(nint source, int segment, long at, int count)
    {
        if (_isReadOnly)
        {
            throw new IOException($"{PathOf(segment)} is open to be read, and was to be written to.");
        }

        // Data in a snapshot stay unchanged, even when FASTER writes the rest of their page.
        long address = (segmentSize > 0 ? segment * segmentSize : 0) + at;
        int skipped = (int)Math.Clamp(Volatile.Read(ref _durableUntil) - address, 0, count);
        if (skipped < count)
        {
            FileOf(segment).Write(new ReadOnlySpan<byte>((byte*)source + skipped, count - skipped), at + skipped);
        }
    }

    private SummedFile FileOf(int segment)
    {
        if (_files.TryGetValue(segment, out SummedFile? file))
        {
            return file;
        }

        lock (_making)
        {
            return _files.GetOrAdd(segment, _ => SummedFile.Create(PathOf(segment)));
        }
    }

    private string PathOf(int segment) => Path.Combine(_directory, string.Create(CultureInfo.InvariantCulture, $"{_name}.{segment}"));
}
