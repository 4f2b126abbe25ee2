namespace FastStream.Bench.Load;

/// <summary>
/// A dataset as files in a temporary directory: one with everything, and one for each batch. Just written, they are in
/// the page cache, so reading them measures the system call and the copy, not the disk.
/// </summary>
public sealed class InputFiles : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("faststream-bench-");

    /// <summary>Writes the files.</summary>
    public InputFiles(Dataset dataset)
    {
        WholePath = Path.Combine(_directory.FullName, "whole.txt");
        File.WriteAllBytes(WholePath, dataset.Bytes);
        BatchPaths = new string[dataset.BatchCount];
        for (int batchIndex = 0; batchIndex < dataset.BatchCount; batchIndex++)
        {
            // Padded, so that the order of the names is the order of the batches.
            BatchPaths[batchIndex] = Path.Combine(_directory.FullName, $"batch-{batchIndex:D4}.txt");
            File.WriteAllBytes(BatchPaths[batchIndex], dataset.Batch(batchIndex));
        }
    }

    /// <summary>The file with all batches.</summary>
    public string WholePath { get; }

    /// <summary>The files with one batch each, in order.</summary>
    public string[] BatchPaths { get; }

    /// <summary>Removes the directory.</summary>
    public void Dispose() => _directory.Delete(recursive: true);
}
