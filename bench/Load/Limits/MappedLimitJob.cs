using System.IO.MemoryMappedFiles;

namespace FastStream.Bench.Load;

/// <summary>
/// Runs a limit over a mapped file, in pages of the page cache: the bound of an engine that decodes mapped files in
/// place.
/// </summary>
internal sealed unsafe class MappedLimitJob : Job
{
    private readonly Limit _limit;
    private readonly int[] _batchEnds;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;

    public MappedLimitJob(string name, Workload workload, Dataset dataset, InputFiles files, Limit limit)
        : base(name, threads: 1, workload)
    {
        _limit = limit;
        _batchEnds = dataset.BatchEnds;

        // A little more than the file, so that the loops may read a little further.
        File.AppendAllText(files.WholePath, new string('\n', NativeBuffer.PaddingBytes));
        _file = MemoryMappedFile.CreateFromFile(files.WholePath, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
    }

    public override Checksum RunOnce()
    {
        Checksum run = default;
        byte* start = _start;
        foreach (int batchEnd in _batchEnds)
        {
            byte* end = _start + batchEnd;
            _limit.Process(start, end);
            run = run.Then(_limit.EndBatch());
            start = end;
        }

        return run;
    }

    public override void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
        _limit.Dispose();
        base.Dispose();
    }
}
