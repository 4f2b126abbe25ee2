using System.Globalization;

namespace FastStream.Tests.Recovery;

/// <summary>A process that has as many files open as it may, again and again, while it reads files.</summary>
public sealed class HandleTests
{
    private const int Files = 600;

    [Fact]
    public async Task FileStream_NoHandleIsLeft_ReadsEachFileOnce()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var runs = new JobRuns(HandleJob.Name);
        for (int i = 0; i < Files; i++)
        {
            await File.WriteAllTextAsync(Path.Combine(runs.Folder, i.ToString(CultureInfo.InvariantCulture)), string.Create(CultureInfo.InvariantCulture, $"{i}\n"));
        }

        await runs.RunToEndAsync(Files.ToString(CultureInfo.InvariantCulture));
    }
}
