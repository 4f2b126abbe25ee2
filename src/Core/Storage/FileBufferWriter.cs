using System.Buffers;

namespace FastStream;

/// <summary>Writes a new file through one pooled buffer.</summary>
internal sealed class FileBufferWriter : IBufferWriter<byte>, IDisposable
{
    private const int BufferBytes = 64 << 10;

    private readonly string _path;
    private readonly FileStream _file;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private int _count;      // bytes in the buffer
    private long _written;   // bytes in the file

    /// <summary>Makes the file; there must be none.</summary>
    /// <param name="path">Where.</param>
    /// <param name="isPrivate">Whether only the owner may read it; else as the process makes files.</param>
    public FileBufferWriter(string path, bool isPrivate = false)
    {
        _path = path;
        _file = isPrivate
            ? PrivateFile.Open(path, FileMode.CreateNew)
            : new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _buffer.Length - _count);
        _count += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsMemory(_count);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsSpan(_count);
    }

    /// <summary>Writes what is left and brings the file to the disk.</summary>
    public void Finish()
    {
        Write();
        DurableFile.Flush(_file.SafeFileHandle, _path);
    }

    public void Dispose()
    {
        _file.Dispose();
        byte[] buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void MakeRoom(int sizeHint)
    {
        int needed = Math.Max(sizeHint, 1);
        if (_buffer.Length - _count >= needed)
        {
            return;
        }

        Write();
        if (_buffer.Length < needed)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(needed);
        }
    }

    private void Write()
    {
        RandomAccess.Write(_file.SafeFileHandle, _buffer.AsSpan(0, _count), _written);
        _written += _count;
        _count = 0;
    }
}
