using System.Globalization;

namespace FastStream.Tests.Recovery;

/// <summary>A process that has as many files open as it may, again and again, while it reads files.</summary>
public sealed class HandleTests
{
    private const int Files = 600;
    private const int Attempts = 5;
    private const string DeathOfTheRuntime = "the job ended with 134: Out of memory.";

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
            await File.WriteAllTextAsync(Path.Combine(runs.Folder, i.ToString(CultureInfo.InvariantCulture)),
                string.Create(CultureInfo.InvariantCulture, $"{i}\n"));
        }

        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await runs.RunToEndAsync(Files.ToString(CultureInfo.InvariantCulture));
                return;
            }
            catch (Xunit.Sdk.XunitException error)
                when (attempt < Attempts && error.Message.Contains(DeathOfTheRuntime, StringComparison.Ordinal))
            {
                // Without any handle the runtime ends the process where it needs one itself, as for a library that it
                // loads late: that says nothing of how files are read.
            }
        }
    }
}
