using System.Buffers;
using System.IO.MemoryMappedFiles;
using CommunityToolkit.HighPerformance.Buffers;
using Microsoft.Win32.SafeHandles;

namespace FastStream;

/// <summary>
/// A file that is read, by reads or through a mapping; the batches that read from it share it. Its handle is open while
/// somebody reads, or while a source keeps it open. Safe from any thread.
/// </summary>
internal sealed unsafe class OpenFile : IDisposable
{
    private const int BoundaryWindowBytes = 4096;
    private const int ScanBytes = 64 << 10;

    private readonly Lock _lock = new();             // guards the handle, the mapping and the readers
    private readonly FileReadMode _mode;
    private readonly bool _mayGrow;                  // whether bytes may be appended before the file is opened again
    private readonly HandleReserve? _reserve;        // handles for opening the file again
    private SafeFileHandle? _handle;
    private MemoryMappedViewAccessor? _view;         // stays valid when the handle is closed
    private byte* _address;                          // address of the file's first byte when mapped
    private int _readers;
    private bool _isKeptOpen;
    private int _holders = 1;

    /// <summary>
    /// Opens a file, and keeps it open until <see cref="CloseWhenRead"/>. Bytes appended meanwhile do no harm: they are
    /// not read.
    /// </summary>
    public OpenFile(in FileStatus listed, FileReadMode mode, HandleReserve? reserve = null)
    {
        _mode = mode;
        _mayGrow = true;
        _reserve = reserve;
        _isKeptOpen = true;
        _handle = OpenHandle(listed.Path);
        Length = RandomAccess.GetLength(_handle);
        Listed = listed with { Size = Length };
        Map();
    }

    private OpenFile(in FileStatus listed, FileReadMode mode, bool mayGrow, HandleReserve? reserve)
    {
        _mode = mode;
        _mayGrow = mayGrow;
        _reserve = reserve;
        Length = listed.Size;
        Listed = listed;
    }

    /// <summary>The file's status before it was opened, with the length that is read.</summary>
    public FileStatus Listed { get; }

    public string Path => Listed.Path;

    /// <summary>Bytes in the file when it was opened; bytes appended later are not read.</summary>
    public long Length { get; }

    public bool IsMapped => _mode == FileReadMode.MemoryMapped && Length > 0;

    /// <summary>Makes a file that is opened only when it is read.</summary>
    public static OpenFile WhenRead(in FileStatus listed, FileReadMode mode, bool mayGrow, HandleReserve? reserve = null) =>
        new(listed, mode, mayGrow, reserve);

    public void Retain() => Interlocked.Increment(ref _holders);

    public void Dispose()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            lock (_lock)
            {
                if (_view is not null)
                {
                    _view.SafeMemoryMappedViewHandle.ReleasePointer();
                    _view.Dispose();
                    _view = null;
                }

                _handle?.Dispose();
                _handle = null;
            }
        }
    }

    /// <summary>
    /// From now on keeps the file open only while somebody reads: many files wait for their batch, and handles are
    /// scarce.
    /// </summary>
    public void CloseWhenRead()
    {
        lock (_lock)
        {
            _isKeptOpen = false;
            CloseUnread();
        }
    }

    /// <summary>Opens the file if it is closed. The caller must call <see cref="EndReading"/> afterwards.</summary>
    /// <exception cref="LostFileException">The file is gone, or not as it was listed.</exception>
    public void BeginReading()
    {
        lock (_lock)
        {
            if (_handle is null && _view is null)
            {
                OpenAgain();
            }

            _readers++;
        }
    }

    public void EndReading()
    {
        lock (_lock)
        {
            _readers--;
            CloseUnread();
        }
    }

    /// <summary>Returns mapped bytes in place.</summary>
    public RecordBytes Mapped(long offset, int length) =>
        new(_address + offset, length, (int)Math.Min(Block.PaddingBytes, Length - offset - length));

    /// <summary>Fills the buffer from an offset; reads fewer bytes only at the end of the file.</summary>
    public int Read(long offset, Span<byte> buffer)
    {
        if (_address is not null)
        {
            int length = (int)Math.Clamp(Length - offset, 0, buffer.Length);
            new ReadOnlySpan<byte>(_address + offset, length).CopyTo(buffer);
            return length;
        }

        int total = 0;
        while (total < buffer.Length)
        {
            int read = RandomAccess.Read(_handle!, buffer[total..], offset + total);
            if (read == 0)
            {
                break;
            }

            total += read;
        }

        return total;
    }

    /// <summary>
    /// Finds the first record boundary at or after an offset: a split that is to begin at the offset begins at this
    /// boundary. Null if none is near: the record is too long.
    /// </summary>
    public long? Boundary<T>(long offset, IRecordDecoder<T> decoder, int maxRecordBytes)
    {
        if (offset <= 0 || offset >= Length)
        {
            return Math.Clamp(offset, 0, Length);
        }

        // Begin one byte earlier: if that byte ends a record, the boundary is the offset itself.
        for (int window = BoundaryWindowBytes; ; window = (int)Math.Min((long)window * 8, int.MaxValue / 2))
        {
            int length = (int)Math.Min(window, Length - offset + 1);
            using SpanOwner<byte> buffer = SpanOwner<byte>.Allocate(length);
            length = Read(offset - 1, buffer.Span);
            int found = decoder.FindFirst(buffer.Span[..length]);

            // A lone CR at the window's end may be half of a CR LF: look further unless the file ends there.
            if (found > 0 && (found < length || offset - 1 + length >= Length))
            {
                return offset - 1 + found;
            }

            if (offset - 1 + length >= Length)
            {
                return Length;
            }

            if (window > maxRecordBytes * 2L)
            {
                return null;
            }
        }
    }

    /// <summary>
    /// Finds the end of the record around an offset, however long the record is; for formats whose record ends can be
    /// found from any byte.
    /// </summary>
    public long EndOfRecord<T>(long offset, IRecordDecoder<T> decoder) => EndOfRecord(offset, decoder, long.MaxValue) ?? Length;

    /// <summary>As above, if the record ends within about <paramref name="mostBytes"/> bytes; otherwise null.</summary>
    public long? EndOfRecord<T>(long offset, IRecordDecoder<T> decoder, long mostBytes)
    {
        long giveUpAt = offset + Math.Min(mostBytes, long.MaxValue - offset);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ScanBytes);
        try
        {
            while (offset < Length)
            {
                if (offset >= giveUpAt)
                {
                    return null;
                }

                int length = Read(offset, buffer.AsSpan(0, (int)Math.Min(ScanBytes, Length - offset)));
                if (length == 0)
                {
                    return Length;   // the file was shortened, which the next read reports
                }

                int end = decoder.FindFirst(buffer.AsSpan(0, length));
                if (end > 0)
                {
                    // The bytes read may end between the two bytes of one line end.
                    byte last = buffer[end - 1];
                    int following = end < length ? 1 : Read(offset + end, buffer.AsSpan(0, 1));
                    return offset + end + decoder.FindRestOfEnd(last, buffer.AsSpan(end < length ? end : 0, following));
                }

                offset += length;
            }

            return Length;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public static SafeFileHandle OpenHandle(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);

    private void OpenAgain()
    {
        try
        {
            // Checked before opening, because opening a pipe in the file's place would hang, and after it, because
            // another file may have come in between.
            SavedFile.Check(Listed, _mayGrow, "is needed by a batch");
            _handle = _reserve is null ? OpenHandle(Path) : _reserve.Open(Path);
            SavedFile.Check(Listed, _mayGrow, "is needed by a batch");
            Map();
        }
        catch (Exception error) when (error is InvalidDataException or FileNotFoundException or DirectoryNotFoundException)
        {
            _handle?.Dispose();
            _handle = null;
            throw new LostFileException(error.Message, error);
        }
    }

    private void Map()
    {
        if (IsMapped)
        {
            using var mapping =
                MemoryMappedFile.CreateFromFile(_handle!, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            _view = mapping.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _address);
            _address += _view.PointerOffset;
        }
    }

    private void CloseUnread()
    {
        if (_readers == 0 && !_isKeptOpen && _handle is not null)
        {
            _handle.Dispose();
            _handle = null;
            _reserve?.Returned();
        }
    }
}
