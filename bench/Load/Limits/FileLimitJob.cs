using Microsoft.Win32.SafeHandles;

namespace FastStream.Bench.Load;

/// <summary>
/// Runs a limit over a file by read(), as the engine gets its bytes. A line cut by the buffer's end is carried to its
/// front.
/// </summary>
internal sealed unsafe class FileLimitJob(string name, Workload workload, Dataset dataset, InputFiles files, Limit limit)
    : Job(name, threads: 1, workload)
{
    // Half of a 512 KiB second-level cache: what read() copied is still there when the loop comes to it.
    private const int BufferBytes = 256 * 1024;

    private readonly NativeBuffer _buffer = new(BufferBytes);

    public override Checksum RunOnce()
    {
        Checksum run = default;
        using SafeFileHandle file = File.OpenHandle(files.WholePath, options: FileOptions.SequentialScan);
        for (int batchIndex = 0; batchIndex < dataset.BatchCount; batchIndex++)
        {
            ProcessRange(file, dataset.BatchStart(batchIndex), dataset.BatchEnds[batchIndex]);
            run = run.Then(limit.EndBatch());
        }

        return run;
    }

    public override void Dispose()
    {
        limit.Dispose();
        _buffer.Dispose();
        base.Dispose();
    }

    private void ProcessRange(SafeFileHandle file, long offset, long endOffset)
    {
        var buffer = new Span<byte>(_buffer.Pointer, BufferBytes);
        int carried = 0;
        while (offset < endOffset)
        {
            int wanted = (int)Math.Min(BufferBytes - carried, endOffset - offset);
            int read = RandomAccess.Read(file, buffer.Slice(carried, wanted), offset);
            if (read == 0)
            {
                throw new EndOfStreamException($"{files.WholePath} ends at {offset}, expected {endOffset} bytes.");
            }

            offset += read;
            int filled = carried + read;
            int whole = buffer[..filled].LastIndexOf((byte)'\n') + 1;
            limit.Process(_buffer.Pointer, _buffer.Pointer + whole);
            carried = filled - whole;
            if (carried == BufferBytes)
            {
                throw new InvalidDataException($"A line is longer than the buffer of {BufferBytes} bytes.");
            }

            buffer[whole..filled].CopyTo(buffer);
        }
    }
}
