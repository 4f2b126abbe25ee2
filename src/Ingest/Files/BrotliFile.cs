using System.Buffers;
using System.IO.Compression;

namespace FastStream;

/// <summary>
/// A brotli archive. This uses the decoder itself, because <see cref="BrotliStream"/> takes a truncated archive for a
/// complete one.
/// </summary>
internal sealed class BrotliFile(OpenFile file, long maxBytes) : UnpackedFile(file, maxBytes)
{
    private readonly byte[] _input = ArrayPool<byte>.Shared.Rent(64 << 10);
    private BrotliDecoder _decoder;
    private int _start;     // start of the bytes that are not unpacked yet
    private int _end;
    private bool _isDone;

    protected override int Unpack(Span<byte> buffer)
    {
        while (!_isDone)
        {
            OperationStatus status = _decoder.Decompress(_input.AsSpan(_start, _end - _start), buffer, out int consumed, out int written);
            _start += consumed;
            if (status == OperationStatus.Done)
            {
                _isDone = true;
                if (_start < _end || !IsAtEnd)
                {
                    throw Damaged("something follows behind its end");
                }
            }

            if (written > 0)
            {
                return written;
            }

            if (status == OperationStatus.InvalidData)
            {
                throw Damaged("it is no brotli archive, or a damaged one");
            }

            if (status == OperationStatus.NeedMoreData)
            {
                FillInput();
            }
        }

        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        _decoder.Dispose();
        ArrayPool<byte>.Shared.Return(_input);
    }

    private void FillInput()
    {
        _input.AsSpan(_start, _end - _start).CopyTo(_input);
        _end -= _start;
        _start = 0;
        int read = ReadPacked(_input.AsSpan(_end));
        _end += read == 0 ? throw Damaged("it is cut off") : read;
    }
}
