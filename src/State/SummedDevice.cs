using System.Collections.Concurrent;
using System.Globalization;
using FASTER.core;

namespace FastStream;

/// <summary>Where FASTER's log or an index goes: segment files whose sectors have sums, and whose failures are noted.</summary>
/// <remarks>
/// FASTER goes on with whatever memory holds after a failed read, and waits for ever after a failed write: both are
/// told as done, and the fault says what happened. Reads and writes are done at once, on the thread that asks. What a
/// snapshot holds is never written again. Thread safe.
/// </remarks>
internal sealed class SummedDevice : StorageDeviceBase
{
    private readonly string _directory;
    private readonly string _name;
    private readonly StoreFault _fault;
    private readonly bool _isReadOnly;
    private readonly ConcurrentDictionary<int, SummedFile> _files = new();
    private readonly Lock _making = new();
    private long _durableUntil;   // addresses below are in a snapshot

    /// <param name="directory">Of the files.</param>
    /// <param name="name">What their names begin with.</param>
    /// <param name="fault">Told what goes wrong.</param>
    /// <param name="isReadOnly">Whether nothing is to change.</param>
    public SummedDevice(string directory, string name, StoreFault fault, bool isReadOnly)
        : base(Path.Combine(directory, name), SummedFile.SectorBytes, Devices.CAPACITY_UNSPECIFIED)
    {
        _directory = directory;
        _name = name;
        _fault = fault;
        _isReadOnly = isReadOnly;
    }

    /// <summary>Whether closing it brings it to the disk.</summary>
    public bool FlushesAtEnd { get; init; }

    /// <summary>Opens the files of what a snapshot holds.</summary>
    /// <param name="begin">The first address.</param>
    /// <param name="end">Where it ends: at a sector's begin.</param>
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

    // Which segments may go depends on the snapshots that are kept: see RemoveBefore.
    public override void RemoveSegmentAsync(int segment, AsyncCallback callback, IAsyncResult result) => callback(result);

    public override long GetFileSize(int segment) => segmentSize > 0 ? segmentSize : long.MaxValue;

    /// <summary>Brings all files to the disk.</summary>
    /// <param name="durableUntil">Addresses below are in the snapshot that is being made.</param>
    /// <exception cref="IOException">The disk did not take it.</exception>
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

    // FASTER closes an index's device by itself, when it has written it: what is in it is to be on the disk then.
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

        // What is in a snapshot stays as it is, also where FASTER writes the rest of its page.
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
